/* All of relume.kernels.contract in one read of a tensor in main memory, from its address, shape and strides.
 *
 * A call looks at the strides and splits the tensor into tasks: a block of units, a piece of their values. Every
 * task views its part as matrices of adjacent columns (`_sums_columns.h`) and then folds the columns into its
 * units: one column is one unit for [batch, units] and channels-last, many columns are one unit for NCHW. What
 * has no adjacent values is first gathered, some thousands of bytes at a time. Tasks and the order of adding
 * depend on the shape alone, so the sums are the same whatever the number of threads. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#ifndef _WIN32
#include <dlfcn.h>
#endif

enum { MAX_DIMS = 64, LANES = 512, BLOCK = 128, RUN_WIDTH = 16, MANY_TASKS = 16 };
enum { LARGE = 1 << 16 }; /* values worth a second thread, and worth letting other Python threads run */

typedef struct { /* sums of up to LANES columns; 8 more, for a power of 2 lets caches take two arrays for one */
    double sum[LANES + 8], square[LANES + 8];
    int64_t largest[LANES + 8], zero[LANES + 8], positive[LANES + 8], flat[LANES + 8]; /* or int32, from the start */
} Columns;

static inline int32_t magnitude32(float v) {
    int32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits & INT32_MAX;
}

static inline int64_t magnitude64(double v) {
    int64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits & INT64_MAX;
}

static inline float from_bits(uint32_t bits) {
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static inline float from_half(uint16_t half) { /* exponents 5 to 8 bits; the smallest have no leading 1 to shift */
    const uint32_t bits = half & 0x7fffu, sign = (uint32_t)(half & 0x8000u) << 16;
    const uint32_t normal = (bits << 13) + (bits >= 0x7c00u ? 0x70000000u : 0x38000000u);
    const uint32_t tiny = (uint32_t)magnitude32((float)(int32_t)bits * 0x1p-24f);
    return from_bits(sign | (bits < 0x0400u ? tiny : normal));
}

#define TARGET
#define WITH(name) name##_baseline
#include "_sums_types.h"
#undef TARGET
#undef WITH

#if defined(__GNUC__) && defined(__x86_64__)
#define DISPATCH 1
#define TARGET __attribute__((target("avx2,fma")))
#define WITH(name) name##_avx2
#include "_sums_types.h"
#undef TARGET
#undef WITH
#ifdef __clang__
#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma")))
#else
#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma,prefer-vector-width=512")))
#endif
#define WITH(name) name##_avx512
#include "_sums_types.h"
#undef TARGET
#undef WITH
#endif

typedef void (*AddColumns)(const void *, int64_t, int64_t, int64_t, Columns *, int64_t, double, double);

static const AddColumns BASELINE[] = {float_baseline, double_baseline, bfloat_baseline, half_baseline};
static const AddColumns *add_columns = BASELINE;

static const char *choose_instructions(long at_most) {
#ifdef DISPATCH
    static const AddColumns AVX2[] = {float_avx2, double_avx2, bfloat_avx2, half_avx2};
    static const AddColumns AVX512[] = {float_avx512, double_avx512, bfloat_avx512, half_avx512};
    __builtin_cpu_init();
    if (at_most >= 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
        add_columns = AVX512;
        return "AVX-512";
    }
    if (at_most >= 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        add_columns = AVX2;
        return "AVX2";
    }
#endif
    (void)at_most;
    add_columns = BASELINE;
    return "baseline";
}

static const int VALUE_SIZE[] = {4, 8, 2, 2};
enum { FLOAT, DOUBLE, BFLOAT, HALF };

typedef struct { /* where a task, or the whole call, adds to */
    double *sum, *square, *largest;
    int64_t *zero, *positive, *flat;
} Sink;

typedef struct { /* what stays from call to call */
    Sink into;
    int64_t *seen, *clock, *first;
    int64_t units, unit_axis, pooled, position;
    double below, above, below_single, above_single;
} Plan;

typedef struct { int64_t size, stride; } Dim;

typedef struct {
    const char *memory;
    int type;
    int64_t units, unit_stride, values; /* values a unit */
    Dim dims[MAX_DIMS];                 /* of the values of a unit, the last one innermost */
    int count;
    enum { COLUMNS, RUN, GATHER } way;
    int64_t block, fold; /* units a task, columns a unit */
    int64_t blocks, pieces;
    int cut; /* the dim that is cut into pieces */
    double below, above;
    Sink into, partial; /* partial: [pieces, units], where there is more than one piece */
    int not_finite;
} Call;

#include "_sums_tasks.h"

/* torch's own pool of threads, so that two pools never fight for the cores; NULL: one thread. */
static void (*parallel)(void (*)(void *), void *, unsigned, unsigned);
static int (*thread_number)(void), (*team_size)(void);

static void run_share(void *call) {
    /* Adjacent pieces to a thread, as torch deals out a tensor's memory: what it has just written is near it. */
    const int64_t tasks = tasks_of(call), number = thread_number(), threads = team_size();
    for (int64_t task = tasks * number / threads; task < tasks * (number + 1) / threads; task++) run_task(call, task);
}

static void run_tasks(Call *call, long threads) {
    const int64_t tasks = tasks_of(call);
    if (parallel && threads > 1 && tasks > 1 && call->values * call->units >= LARGE)
        parallel(run_share, call, (unsigned)(tasks < threads ? tasks : threads), 0);
    else
        for (int64_t task = 0; task < tasks; task++) run_task(call, task);
}

static int observe(Call *call, const Plan *plan, long threads) {
    if (call->pieces > 1) {
        const int64_t n = call->pieces * call->units;
        double *space = PyMem_RawCalloc((size_t)n, 6 * sizeof(double));
        if (!space) return -1;
        int64_t *counts = (int64_t *)(space + 3 * n);
        call->partial = (Sink){space, space + n, space + 2 * n, counts, counts + n, counts + 2 * n};
    }
    run_tasks(call, threads);
    if (call->pieces > 1) {
        for (int64_t i = 0; i < call->pieces * call->units; i++) merge(&call->into, i % call->units, &call->partial, i);
        PyMem_RawFree(call->partial.sum);
    }
    plan->seen[0] += call->values;
    if (call->not_finite && *plan->clock + plan->position < *plan->first)
        *plan->first = *plan->clock + plan->position;
    return 0;
}

/* add(plan, type, address, shape, strides, threads) */
static PyObject *add(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 6 || !PyBytes_Check(args[0]) || PyBytes_GET_SIZE(args[0]) != sizeof(Plan) ||
        !PyTuple_Check(args[3]) || !PyTuple_Check(args[4]) ||
        PyTuple_GET_SIZE(args[3]) != PyTuple_GET_SIZE(args[4])) {
        PyErr_SetString(PyExc_TypeError, "add(plan, type, address, shape, strides, threads)");
        return NULL;
    }
    Plan plan;
    memcpy(&plan, PyBytes_AS_STRING(args[0]), sizeof plan);
    Call call;
    call.type = (int)PyLong_AsLong(args[1]);
    call.memory = PyLong_AsVoidPtr(args[2]);
    const long threads = PyLong_AsLong(args[5]);
    if (PyErr_Occurred()) return NULL;
    int64_t examples;
    if (read_shape(&call, &plan, args[3], args[4], &examples) < 0) return NULL;
    if (call.values * call.units > 0) {
        if (!call.memory) {
            PyErr_SetString(PyExc_RuntimeError, "the tensor has no memory");
            return NULL;
        }
        arrange(&call);
        int failed;
        if (call.values * call.units >= LARGE) {
            Py_BEGIN_ALLOW_THREADS failed = observe(&call, &plan, threads);
            Py_END_ALLOW_THREADS
        } else {
            failed = observe(&call, &plan, threads);
        }
        if (failed) return PyErr_NoMemory();
    }
    plan.seen[1] += examples;
    Py_RETURN_NONE;
}

static float not_above(double bound) { /* the greatest float <= bound, so that floats compare as doubles would */
    const float nearest = (float)bound;
    return (double)nearest > bound ? nextafterf(nearest, -INFINITY) : nearest;
}

/* plan(sums, largest, counts, seen, clock, first, units, unit_axis or None, below, above, position): addresses */
static PyObject *make_plan(PyObject *module, PyObject *args) {
    (void)module;
    unsigned long long sums, largest, counts, seen, clock, first;
    long long units, position;
    PyObject *axis;
    Plan plan;
    memset(&plan, 0, sizeof plan);
    if (!PyArg_ParseTuple(args, "KKKKKKLOddL", &sums, &largest, &counts, &seen, &clock, &first, &units, &axis,
                          &plan.below, &plan.above, &position))
        return NULL;
    plan.pooled = axis == Py_None;
    plan.unit_axis = plan.pooled ? 0 : PyLong_AsLong(axis);
    if (PyErr_Occurred()) return NULL;
    double *s = (double *)(uintptr_t)sums;
    int64_t *c = (int64_t *)(uintptr_t)counts;
    plan.into = (Sink){s, s + units, (double *)(uintptr_t)largest, c, c + units, c + 2 * units};
    plan.seen = (int64_t *)(uintptr_t)seen;
    plan.clock = (int64_t *)(uintptr_t)clock;
    plan.first = (int64_t *)(uintptr_t)first;
    plan.units = units;
    plan.position = position;
    plan.below_single = not_above(plan.below);
    plan.above_single = -not_above(-plan.above);
    return PyBytes_FromStringAndSize((const char *)&plan, sizeof plan);
}

/* use_threads(path): from now on run on the OpenMP library at path, if this process has it loaded; whether so */
static PyObject *use_threads(PyObject *module, PyObject *path) {
    (void)module;
    const char *name = PyUnicode_AsUTF8(path);
    if (!name) return NULL;
#ifndef _WIN32
    void *library = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
    if (library) {
        void *start = dlsym(library, "GOMP_parallel");
        void *number = dlsym(library, "omp_get_thread_num"), *size = dlsym(library, "omp_get_num_threads");
        if (start && number && size) {
            memcpy(&thread_number, &number, sizeof number);
            memcpy(&team_size, &size, sizeof size);
            memcpy(&parallel, &start, sizeof start);
        }
    }
#endif
    return PyBool_FromLong(parallel != NULL);
}

/* use_instructions(at_most): 0 baseline, 1 AVX2, 2 AVX-512; the name of what was chosen */
static PyObject *use_instructions(PyObject *module, PyObject *at_most) {
    (void)module;
    const long level = PyLong_AsLong(at_most);
    if (PyErr_Occurred()) return NULL;
    return PyUnicode_FromString(choose_instructions(level));
}

static PyMethodDef METHODS[] = {
    {"add", (PyCFunction)(void (*)(void))add, METH_FASTCALL, NULL},
    {"plan", make_plan, METH_VARARGS, NULL},
    {"use_threads", use_threads, METH_O, NULL},
    {"use_instructions", use_instructions, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_sums", NULL, -1, METHODS, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__sums(void) {
    choose_instructions(2);
    return PyModule_Create(&MODULE);
}
