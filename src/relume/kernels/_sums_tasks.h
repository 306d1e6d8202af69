/* How a tensor is split into tasks, and what a task does. */

static inline void add_one(const Sink *into, int64_t unit, double sum, double square, double largest, int64_t zero,
                           int64_t positive, int64_t flat) {
    into->sum[unit] += sum;
    into->square[unit] += square;
    if (largest > into->largest[unit] || isnan(largest)) into->largest[unit] = largest; /* a NaN there stays */
    into->zero[unit] += zero;
    into->positive[unit] += positive;
    into->flat[unit] += flat;
}

static void merge(const Sink *into, int64_t unit, const Sink *from, int64_t i) {
    add_one(into, unit, from->sum[i], from->square[i], from->largest[i], from->zero[i], from->positive[i],
            from->flat[i]);
}

static int64_t tasks_of(const Call *call) { return call->blocks * call->pieces; }

/* Reads shape and strides: the units' axis apart, the other axes into dims, sizes of 1 left out. */
static int read_shape(Call *call, const Plan *plan, PyObject *shape, PyObject *strides, int64_t *examples) {
    const Py_ssize_t ndim = PyTuple_GET_SIZE(shape);
    const int pooled = plan->pooled || ndim == 0;
    const int64_t axis = pooled ? -1 : plan->unit_axis + (plan->unit_axis < 0 ? ndim : 0);
    if (ndim > MAX_DIMS || (!pooled && (axis < 0 || axis >= ndim)) || call->type < FLOAT || call->type > HALF) {
        PyErr_Format(PyExc_ValueError, "a tensor of shape %R has no axis %lld of units", shape,
                     (long long)plan->unit_axis);
        return -1;
    }
    call->units = 1, call->unit_stride = 0, call->values = 1, call->count = 0, *examples = 1;
    for (Py_ssize_t i = 0; i < ndim; i++) {
        const int64_t size = PyLong_AsLongLong(PyTuple_GET_ITEM(shape, i));
        const int64_t stride = PyLong_AsLongLong(PyTuple_GET_ITEM(strides, i));
        if (i == 0 && ndim > 1) *examples = size;
        if (i == axis) {
            call->units = size, call->unit_stride = stride;
        } else {
            call->values *= size;
            if (size != 1) call->dims[call->count++] = (Dim){size, stride};
        }
    }
    if (PyErr_Occurred()) return -1;
    if (call->units != plan->units) {
        PyErr_Format(PyExc_ValueError, "a tensor of shape %R has %lld units, not %lld", shape,
                     (long long)call->units, (long long)plan->units);
        return -1;
    }
    const int wide = call->type == DOUBLE;
    call->below = wide ? plan->below : plan->below_single;
    call->above = wide ? plan->above : plan->above_single;
    call->into = plan->into;
    call->not_finite = 0;
    return 0;
}

/* Outermost first: by falling strides, but repeated values (stride 0) before all; then joins what can be one. */
static void sort_and_join(Call *call) {
    Dim *dims = call->dims;
    for (int i = 1; i < call->count; i++)
        for (int k = i; k > 0 && dims[k].stride && dims[k - 1].stride; k--) {
            if (dims[k].stride <= dims[k - 1].stride) break;
            const Dim swapped = dims[k];
            dims[k] = dims[k - 1];
            dims[k - 1] = swapped;
        }
    for (int i = 0, zeros = 0; i < call->count; i++)
        if (!dims[i].stride) {
            const Dim zero = dims[i];
            memmove(dims + zeros + 1, dims + zeros, (size_t)(i - zeros) * sizeof(Dim));
            dims[zeros++] = zero;
        }
    for (int i = 1; i < call->count; i++)
        if (dims[i - 1].stride == dims[i].stride * dims[i].size) {
            dims[i - 1] = (Dim){dims[i - 1].size * dims[i].size, dims[i].stride};
            memmove(dims + i, dims + i + 1, (size_t)(call->count - i - 1) * sizeof(Dim));
            call->count--;
            i--;
        }
}

/* Rows are the innermost dim, or the longest one if that has less than the eight rows taken at a time. */
static void choose_rows(Call *call) {
    Dim *dims = call->dims, *last = dims + call->count - 1;
    if (call->count < 2 || last->size >= 8) return;
    Dim *longest = last;
    for (Dim *dim = dims; dim < last; dim++)
        if (dim->size > longest->size) longest = dim;
    const Dim swapped = *longest;
    *longest = *last;
    *last = swapped;
}

static void arrange(Call *call) {
    sort_and_join(call);
    const Dim *last = call->dims + call->count - 1;
    const int64_t run = call->count && last->stride == 1 ? last->size : 0; /* adjacent values of one unit */
    const int64_t row_stride = call->count ? last->stride : INT64_MAX;
    call->block = call->fold = 1;
    if (call->unit_stride == 1 || (call->units == 1 && !call->count)) {
        call->way = COLUMNS;
        call->block = BLOCK;
    } else if (run >= LANES || (run >= 4 * RUN_WIDTH && call->count == 1)) {
        call->way = RUN; /* many units a task and narrow rows: memory is then read from its start to its end */
        call->fold = RUN_WIDTH;
        call->block = LANES / RUN_WIDTH;
    } else if (run) {
        call->way = COLUMNS;
        call->fold = run;
        if (call->unit_stride == run && run < BLOCK) call->block = (run < 8 ? BLOCK : LANES) / run;
        call->count--;
    } else {
        call->way = GATHER;
        if (call->units > 1 && call->unit_stride < row_stride) call->block = RUN_WIDTH;
    }
    if (call->way == COLUMNS) choose_rows(call);
    if (call->block > call->units) call->block = call->units;
    call->blocks = (call->units + call->block - 1) / call->block;
    call->cut = 0;
    for (int i = 1; i < call->count; i++)
        if (call->dims[i].size > call->dims[call->cut].size) call->cut = i;
    int64_t pieces = 1;
    if (call->blocks < MANY_TASKS) {
        pieces = call->values * call->units / LARGE;
        if (pieces > MANY_TASKS / call->blocks) pieces = MANY_TASKS / call->blocks;
    }
    pieces += call->values >> 30; /* what a lane counts fits into 32 bits */
    const int64_t most = call->count ? call->dims[call->cut].size : 1;
    call->pieces = pieces < 1 ? 1 : pieces > most ? most : pieces;
}

/* The innermost dim of a task's values: rows of adjacent columns, one long run, or values to gather. */
static void add_inner(const Call *call, Columns *columns, const char *memory, Dim inner, int64_t units) {
    const AddColumns add_to = add_columns[call->type];
    const int64_t bytes = VALUE_SIZE[call->type];
    const int64_t width = units * call->fold;
    if (call->way == COLUMNS) {
        add_to(memory, inner.size, inner.stride, width, columns, 0, call->below, call->above);
    } else if (call->way == RUN) {
        const int64_t lanes = call->fold, whole = inner.size / lanes, rest = inner.size % lanes;
        for (int64_t u = 0; u < units; u++, memory += call->unit_stride * bytes) {
            add_to(memory, whole, lanes, lanes, columns, u * lanes, call->below, call->above);
            add_to(memory + whole * lanes * bytes, 1, 0, rest, columns, u * lanes, call->below, call->above);
        }
    } else {
        char near[LANES * sizeof(double)];
        const int64_t rows_at_once = LANES / units;
        for (int64_t row = 0; row < inner.size; row += rows_at_once) {
            const int64_t rows = inner.size - row < rows_at_once ? inner.size - row : rows_at_once;
            char *to = near;
            for (int64_t i = 0; i < rows; i++)
                for (int64_t u = 0; u < units; u++, to += bytes) {
                    const char *from = memory + ((row + i) * inner.stride + u * call->unit_stride) * bytes;
                    if (bytes == 4) memcpy(to, from, 4);
                    else if (bytes == 2) memcpy(to, from, 2);
                    else memcpy(to, from, 8);
                }
            const int64_t lanes = units == 1 ? RUN_WIDTH : units, whole = rows * units / lanes;
            add_to(near, whole, lanes, lanes, columns, 0, call->below, call->above);
            add_to(near + whole * lanes * bytes, 1, 0, rows * units % lanes, columns, 0, call->below, call->above);
        }
    }
}

/* Adds the upper half of n columns to the lower half until one is left: no chain of additions to wait for. */
#define FOLD(TYPE, name, joined) \
    static inline TYPE name(TYPE *lanes, int64_t n) { \
        for (int64_t half; n > 1; n -= half) { \
            half = n / 2; \
            const TYPE *upper = lanes + n - half; \
            for (int64_t j = 0; j < half; j++) { \
                const TYPE a = lanes[j], b = upper[j]; \
                lanes[j] = joined; \
            } \
        } \
        return lanes[0]; \
    }
FOLD(double, total, a + b)
FOLD(int32_t, total32, a + b)
FOLD(int64_t, total64, a + b)
FOLD(int32_t, greatest32, a > b ? a : b)
FOLD(int64_t, greatest64, a > b ? a : b)
#undef FOLD

static void fold(Call *call, Columns *columns, int64_t width, const Sink *into, int64_t unit, int64_t units) {
    const int64_t each = width / units;
    int not_finite = 0;
    for (int64_t u = 0, j = 0; u < units; u++, j += each) {
        const double sum = total(columns->sum + j, each), square = total(columns->square + j, each);
        double largest;
        if (call->type == DOUBLE) {
            const int64_t bits = greatest64(columns->largest + j, each);
            memcpy(&largest, &bits, sizeof largest);
            add_one(into, unit + u, sum, square, largest, total64(columns->zero + j, each),
                    total64(columns->positive + j, each), total64(columns->flat + j, each));
        } else {
            largest = from_bits((uint32_t)greatest32((int32_t *)columns->largest + j, each));
            add_one(into, unit + u, sum, square, largest, total32((int32_t *)columns->zero + j, each),
                    total32((int32_t *)columns->positive + j, each), total32((int32_t *)columns->flat + j, each));
        }
        not_finite |= !isfinite(largest);
    }
    if (not_finite) __atomic_store_n(&call->not_finite, 1, __ATOMIC_RELAXED);
}

static void run_task(Call *call, int64_t task) {
    const int64_t piece = task / call->blocks, unit = task % call->blocks * call->block;
    const int64_t units = call->units - unit < call->block ? call->units - unit : call->block;
    const int64_t bytes = VALUE_SIZE[call->type];
    const char *memory = call->memory + unit * call->unit_stride * bytes;
    Dim dims[MAX_DIMS + 1] = {{1, 0}}; /* no values but one a unit: one row */
    const int count = call->count ? call->count : 1;
    if (call->count) memcpy(dims, call->dims, (size_t)count * sizeof(Dim));
    const int64_t whole = dims[call->cut].size;
    const int64_t from = whole * piece / call->pieces, to = whole * (piece + 1) / call->pieces;
    memory += from * dims[call->cut].stride * bytes;
    dims[call->cut].size = to - from;

    const int64_t width = call->way == GATHER && units == 1 ? RUN_WIDTH : units * call->fold;
    Columns columns;
    const size_t used = (size_t)width * sizeof(double);
    memset(columns.sum, 0, used), memset(columns.square, 0, used), memset(columns.largest, 0, used);
    memset(columns.zero, 0, used), memset(columns.positive, 0, used), memset(columns.flat, 0, used);
    int64_t at[MAX_DIMS] = {0};
    for (int axis = 0; axis >= 0;) {
        add_inner(call, &columns, memory, dims[count - 1], units);
        for (axis = count - 2; axis >= 0; axis--) { /* on to the next place of the outer dims */
            memory += dims[axis].stride * bytes;
            if (++at[axis] < dims[axis].size) break;
            memory -= dims[axis].size * dims[axis].stride * bytes;
            at[axis] = 0;
        }
    }
    const Sink *partial = &call->partial;
    const int64_t first = piece * call->units;
    const Sink own = call->pieces == 1 ? call->into
                                       : (Sink){partial->sum + first,  partial->square + first,
                                                partial->largest + first, partial->zero + first,
                                                partial->positive + first, partial->flat + first};
    fold(call, &columns, width, &own, unit, units);
}
