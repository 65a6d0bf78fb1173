namespace slipway::api {}
