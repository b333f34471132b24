/* A stand-in for libnvidia-ml.so.1: enough of NVML to exercise the real binding without a GPU.
 *
 * Power of board i at t seconds, which STUB_AT_S tells and the tests set: no test depends on when a board is read.
 *     W(t) = (i + 1) * (60 W in the first second of every two, 340 W in the second one); mean 200 W * (i + 1)
 * Field 186 tells W(t); nvmlDeviceGetPowerUsage its mean over the last second, as boards since Ampere do.
 * The energy counter is the exact integral of W from 5 kJ on, in steps of 100 ms, as real boards count.
 *
 * Set at compile time: -DWITHOUT_FIELD_VALUES, -DWITHOUT_ENERGY, -DWITHOUT_CLOCK, -DWITHOUT_EVENT_REASONS,
 * -DWITHOUT_PROCESSES leave a symbol out, as older drivers do.
 * Set by environment variable:
 *     STUB_AT_S=s               the time (0.25)
 *     STUB_BOARDS=n             number of boards (1)
 *     STUB_PROCESSES=pid:bytes,...   what runs on every board; "na" bytes = not available (this process, 700 MB)
 *     STUB_REASONS=bits         throttle reasons (0x4 | 0x1)
 *     STUB_FAULT_BOARD=i        the board all of the following holds for (every board)
 *     STUB_NO_ENERGY, STUB_NO_INSTANT, STUB_NO_POWER, STUB_V1, STUB_MIG =1   not supported; MIG mode is on
 *     STUB_NO_PERMISSION=1      power, energy and processes are refused
 *     STUB_NO_HANDLE=1          the board can't be opened
 *     STUB_LOST_AFTER_S=s       the board falls off the bus
 *     STUB_RESET_AFTER_S=s      the counter starts again from 0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int ret;
typedef void *device;
typedef unsigned int u32;
typedef unsigned long long u64;
enum { OK = 0, INVALID = 2, UNSUPPORTED = 3, NO_PERMISSION = 4, NOT_FOUND = 6, TOO_SMALL = 7, LOST = 15 };

static u32 board(device d) { return (u32)((long)d & 0xff) - 1; } /* a MIG instance is its board + 0x100 */
static double seconds(void) { const char *now = getenv("STUB_AT_S"); return now ? atof(now) : 0.25; }
static const char *fault(const char *name, device d) {
    const char *value = getenv(name), *only = getenv("STUB_FAULT_BOARD");
    return value && (!only || (u32)atoi(only) == board(d)) ? value : NULL;
}
static int is_lost(device d) { const char *s = fault("STUB_LOST_AFTER_S", d); return s && seconds() >= atof(s); }

static double joules(double t) { /* the integral of W from 0 to t, for the first board */
    long periods = (long)(t / 2);
    double rest = t - 2 * periods;
    return 400.0 * periods + 60 * rest + (rest > 1 ? 280 * (rest - 1) : 0);
}

ret nvmlInitWithFlags(u32 flags) { (void)flags; return OK; }
ret nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(ret r) { return r == UNSUPPORTED ? "Not Supported" : "error"; }
ret nvmlSystemGetDriverVersion(char *s, u32 n) { snprintf(s, n, "575.00"); return OK; }

static u32 boards(void) { const char *n = getenv("STUB_BOARDS"); return n ? (u32)atoi(n) : 1; }
ret nvmlDeviceGetCount_v2(u32 *n) { *n = boards(); return OK; }
ret nvmlDeviceGetHandleByIndex_v2(u32 i, device *d) {
    *d = (device)(long)(i + 1);
    if (i >= boards()) return INVALID;
    return fault("STUB_NO_HANDLE", *d) ? NO_PERMISSION : OK;
}
ret nvmlDeviceGetIndex(device d, u32 *i) { *i = board(d); return OK; }
ret nvmlDeviceGetName(device d, char *s, u32 n) { if (is_lost(d)) return LOST; snprintf(s, n, "Stub GPU"); return OK; }
ret nvmlDeviceGetUUID(device d, char *s, u32 n) {
    if (is_lost(d)) return LOST;
    snprintf(s, n, "GPU-%u0000000-stub", board(d)); return OK;
}
ret nvmlDeviceGetHandleByUUID(const char *uuid, device *d) { /* MIG-<i>0000000-stub is an instance of board i */
    u32 i;
    if (sscanf(uuid, "MIG-%1u0000000-stub", &i) != 1 || i >= boards()) return NOT_FOUND;
    *d = (device)(long)(i + 1 + 0x100); return OK;
}
ret nvmlDeviceGetDeviceHandleFromMigDeviceHandle(device mig, device *d) { *d = (device)((long)mig & 0xff); return OK; }
ret nvmlDeviceGetMigMode(device d, u32 *now, u32 *pending) {
    if (is_lost(d)) return LOST;
    *now = *pending = fault("STUB_MIG", d) != NULL; return OK;
}

typedef struct { u64 total, free, used; } memory_v1;
typedef struct { u32 version; u64 total, reserved, free, used; } memory_v2;
ret nvmlDeviceGetMemoryInfo(device d, memory_v1 *m) {
    if (is_lost(d)) return LOST;
    m->total = 80000000000ull; m->used = 1900000000ull; m->free = m->total - m->used; return OK;
}
ret nvmlDeviceGetMemoryInfo_v2(device d, memory_v2 *m) {
    if (is_lost(d)) return LOST;
    if (fault("STUB_V1", d)) return UNSUPPORTED;
    m->total = 80000000000ull; m->reserved = 900000000ull; m->used = 1000000000ull;
    m->free = m->total - m->used - m->reserved; return OK;
}

ret nvmlDeviceGetPowerUsage(device d, u32 *milliwatts) {
    double t = seconds();
    if (is_lost(d)) return LOST;
    if (fault("STUB_NO_PERMISSION", d)) return NO_PERMISSION;
    if (fault("STUB_NO_POWER", d)) return UNSUPPORTED;
    *milliwatts = (u32)(1000 * (board(d) + 1) * (joules(t + 2) - joules(t + 1))); /* W repeats every 2 s */
    return OK;
}
#ifndef WITHOUT_FIELD_VALUES
static double watts(double t) { return t - 2 * (long)(t / 2) < 1 ? 60 : 340; }
typedef struct { u32 id, scope; long long time, latency; u32 type; ret result; union { double d; u32 u; u64 l; } value; } field;
ret nvmlDeviceGetFieldValues(device d, int n, field *f) {
    if (is_lost(d)) return LOST;
    if (fault("STUB_NO_PERMISSION", d)) return NO_PERMISSION;
    for (int i = 0; i < n; i++) {
        int known = f[i].id == 186 && f[i].scope == 0 && !fault("STUB_NO_INSTANT", d) && !fault("STUB_NO_POWER", d);
        f[i].result = known ? OK : UNSUPPORTED;
        f[i].type = 1;
        f[i].value.u = known ? (u32)(1000 * (board(d) + 1) * watts(seconds())) : 0;
    }
    return OK;
}
#endif
#ifndef WITHOUT_ENERGY
ret nvmlDeviceGetTotalEnergyConsumption(device d, u64 *millijoules) {
    const char *reset = fault("STUB_RESET_AFTER_S", d);
    double t = seconds(), origin; /* the counter begins where origin joules were drawn */
    if (is_lost(d)) return LOST;
    if (fault("STUB_NO_PERMISSION", d)) return NO_PERMISSION;
    if (fault("STUB_NO_ENERGY", d)) return UNSUPPORTED;
    origin = reset && t >= atof(reset) ? joules(atof(reset)) : -5000.0;
    *millijoules = (u64)(1000 * (board(d) + 1) * (joules((long)(t * 10) / 10.0) - origin));
    return OK;
}
#endif
typedef struct { u32 gpu, memory; } utilization;
ret nvmlDeviceGetUtilizationRates(device d, utilization *u) { if (is_lost(d)) return LOST; u->gpu = 37; u->memory = 5; return OK; }
ret nvmlDeviceGetTemperature(device d, u32 sensor, u32 *t) { (void)sensor; if (is_lost(d)) return LOST; *t = 45; return OK; }
#ifndef WITHOUT_CLOCK
ret nvmlDeviceGetClockInfo(device d, u32 type, u32 *mhz) {
    if (is_lost(d)) return LOST;
    *mhz = type == 1 ? 1410 : 5001; return OK; /* 1: SM */
}
#endif
static ret reasons(device d, u64 *bits) {
    const char *value = getenv("STUB_REASONS");
    if (is_lost(d)) return LOST;
    *bits = value ? strtoull(value, NULL, 0) : 0x5; return OK;
}
ret nvmlDeviceGetCurrentClocksThrottleReasons(device d, u64 *bits) { return reasons(d, bits); }
#ifndef WITHOUT_EVENT_REASONS
ret nvmlDeviceGetCurrentClocksEventReasons(device d, u64 *bits) { return reasons(d, bits); }
#endif
#ifndef WITHOUT_PROCESSES
typedef struct { u32 pid; u64 used; u32 gpu, compute; } process;
ret nvmlDeviceGetComputeRunningProcesses_v3(device d, u32 *n, process *p) {
    const char *text = getenv("STUB_PROCESSES");
    char own[64];
    u32 room = *n, found = 0;
    if (is_lost(d)) return LOST;
    if (fault("STUB_NO_PERMISSION", d)) return NO_PERMISSION;
    if (!text) { snprintf(own, sizeof own, "%d:700000000", (int)getpid()); text = own; }
    for (; text && *text; text = strchr(text, ',') ? strchr(text, ',') + 1 : NULL, found++) {
        const char *used = strchr(text, ':') + 1;
        if (found >= room) continue;
        p[found].pid = (u32)atoi(text);
        p[found].used = strncmp(used, "na", 2) ? strtoull(used, NULL, 10) : ~0ull;
        p[found].gpu = p[found].compute = 0xFFFFFFFF;
    }
    *n = found;
    return found > room ? TOO_SMALL : OK;
}
#endif
