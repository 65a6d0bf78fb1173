/* sdk/include/slipway/slipway.h - the whole ABI. */
#ifndef SLIPWAY_SLIPWAY_H
#define SLIPWAY_SLIPWAY_H

#include <slipway/archive.h>
#include <slipway/base.h>
#include <slipway/create.h>
#include <slipway/exec.h>
#include <slipway/host.h>
#include <slipway/mount.h>
#include <slipway/network.h>
#include <slipway/pause.h>
#include <slipway/plugin.h>
#include <slipway/reconcile.h>
#include <slipway/stats.h>
#include <slipway/stdio.h>
#include <slipway/top.h>
#include <slipway/update.h>

#endif
