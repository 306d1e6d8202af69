/* The inner loop: sums down the columns of a matrix whose rows lie `stride` values apart. Included once for
 * each type of value and each instruction set, with
 *   NAME, TARGET     the function's name, its instruction set
 *   T, V, LOAD       the type in memory, the type compared (float or double), from one to the other
 *   INT, MAGNITUDE   the integer of V's size, the bits of |v|: ordered as |v|, and NaN above infinity
 * Eight rows at a time: the running sums are then read and written once in eight values. The compiler makes
 * vectors of the loop over j, which has no branch and no carried dependency. */

#define EACH_OF_8(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)
#define VALUE(k) const V v##k = LOAD(p + (k) * stride + j);
#define WIDE(k) const double d##k = (double)v##k;
#define BIT(k) const INT b##k = MAGNITUDE(v##k);
#define ABOVE_OF(a, b) ((a) > (b) ? (a) : (b))
#define IS_ZERO(v) ((v) == 0)
#define IS_ABOVE(v) ((v) > 0)
#define COUNT_8(of) \
    ((((INT)of(v0) + (INT)of(v1)) + ((INT)of(v2) + (INT)of(v3))) + \
     (((INT)of(v4) + (INT)of(v5)) + ((INT)of(v6) + (INT)of(v7))))
#define IS_FLAT(v) (((v) <= below) | ((v) >= above))

TARGET static void NAME(const void *memory, int64_t rows, int64_t stride, int64_t width,
                        Columns *restrict columns, int64_t lane, double lower, double upper) {
    const T *restrict p = memory;
    double *restrict s = columns->sum + lane, *restrict q = columns->square + lane;
    INT *restrict m = (INT *)columns->largest + lane, *restrict zero = (INT *)columns->zero + lane;
    INT *restrict positive = (INT *)columns->positive + lane, *restrict flat = (INT *)columns->flat + lane;
    const V below = (V)lower, above = (V)upper;
    const int flat_ends = !isnan(lower) || !isnan(upper);
    for (; rows >= 8; rows -= 8, p += 8 * stride) {
#define SUMS_8 \
    EACH_OF_8(VALUE) EACH_OF_8(WIDE) EACH_OF_8(BIT) \
    s[j] += ((d0 + d1) + (d2 + d3)) + ((d4 + d5) + (d6 + d7)); \
    q[j] += ((d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)) + ((d4 * d4 + d5 * d5) + (d6 * d6 + d7 * d7)); \
    const INT b = ABOVE_OF(ABOVE_OF(ABOVE_OF(b0, b1), ABOVE_OF(b2, b3)), \
                           ABOVE_OF(ABOVE_OF(b4, b5), ABOVE_OF(b6, b7))); \
    m[j] = ABOVE_OF(m[j], b); \
    zero[j] += COUNT_8(IS_ZERO); \
    positive[j] += COUNT_8(IS_ABOVE);
        if (flat_ends)
            for (int64_t j = 0; j < width; j++) {
                SUMS_8
                flat[j] += COUNT_8(IS_FLAT);
            }
        else
            for (int64_t j = 0; j < width; j++) {
                SUMS_8
            }
#undef SUMS_8
    }
    for (; rows > 0; rows--, p += stride)
        for (int64_t j = 0; j < width; j++) {
            const V v = LOAD(p + j);
            const INT b = MAGNITUDE(v);
            s[j] += (double)v;
            q[j] += (double)v * (double)v;
            m[j] = ABOVE_OF(m[j], b);
            zero[j] += IS_ZERO(v);
            positive[j] += IS_ABOVE(v);
            flat[j] += IS_FLAT(v);
        }
}

#undef EACH_OF_8
#undef VALUE
#undef WIDE
#undef BIT
#undef ABOVE_OF
#undef IS_ZERO
#undef IS_ABOVE
#undef COUNT_8
#undef IS_FLAT
