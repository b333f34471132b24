/* A stand-in for libnvidia-ml.so.1 with one board: enough of NVML to exercise the real binding without a GPU.
 * Power is a constant 100 W; the energy counter follows it in steps of 100 ms, as real boards do.
 * STUB_NO_ENERGY=1 answers "not supported" for energy, STUB_MIG=1 reports MIG mode, STUB_V1=1 lacks memory info v2. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef int nvmlReturn_t;
typedef void *nvmlDevice_t;
enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7 };

static struct timespec start;
static int set(const char *name) { const char *v = getenv(name); return v && *v == '1'; }

nvmlReturn_t nvmlInitWithFlags(unsigned int flags) { (void)flags; clock_gettime(CLOCK_MONOTONIC, &start); return SUCCESS; }
nvmlReturn_t nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(nvmlReturn_t r) { return r == NOT_SUPPORTED ? "Not Supported" : "error"; }
nvmlReturn_t nvmlSystemGetDriverVersion(char *s, unsigned int n) { strncpy(s, "575.00", n); return SUCCESS; }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *n) { *n = 1; return SUCCESS; }
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int i, nvmlDevice_t *d) { *d = (void *)(long)(i + 1); return SUCCESS; }
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t d, char *s, unsigned int n) { (void)d; strncpy(s, "Stub GPU", n); return SUCCESS; }
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t d, char *s, unsigned int n) { (void)d; strncpy(s, "GPU-stub", n); return SUCCESS; }

typedef struct { unsigned long long total, free, used; } memory_v1;
typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } memory_v2;
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t d, memory_v1 *m) {
    (void)d; m->total = 80000000000ull; m->used = 1900000000ull; m->free = m->total - m->used; return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t d, memory_v2 *m) {
    (void)d;
    if (set("STUB_V1")) return NOT_SUPPORTED;
    m->total = 80000000000ull; m->reserved = 900000000ull; m->used = 1000000000ull;
    m->free = m->total - m->used - m->reserved; return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t d, unsigned int *mw) { (void)d; *mw = 100000; return SUCCESS; }
nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t d, unsigned long long *mj) {
    struct timespec now; (void)d;
    if (set("STUB_NO_ENERGY")) return NOT_SUPPORTED;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double s = (now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) / 1e9;
    *mj = 5000000ull + 10000ull * (unsigned long long)(s * 10); /* 100 W, quantised to 100 ms */
    return SUCCESS;
}
typedef struct { unsigned int gpu, memory; } utilization;
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t d, utilization *u) { (void)d; u->gpu = 37; u->memory = 5; return SUCCESS; }
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t d, unsigned int sensor, unsigned int *t) { (void)d; (void)sensor; *t = 45; return SUCCESS; }
nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t d, unsigned int *now, unsigned int *pending) {
    (void)d; *now = *pending = set("STUB_MIG"); return SUCCESS;
}
typedef struct { unsigned int pid; unsigned long long used; unsigned int gpu, compute; } process;
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t d, unsigned int *n, process *p) {
    (void)d;
    if (*n < 1) { *n = 1; return INSUFFICIENT_SIZE; }
    *n = 1; p[0].pid = (unsigned int)getpid(); p[0].used = 700000000ull; p[0].gpu = p[0].compute = 0xFFFFFFFF;
    return SUCCESS;
}
