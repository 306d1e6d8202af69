/* The inner loop for each type of value, for the instruction set TARGET; WITH(name) names the functions. */

#define T float
#define V float
#define INT int32_t
#define LOAD(p) (*(p))
#define MAGNITUDE magnitude32
#define NAME WITH(float)
#include "_sums_columns.h"
#undef NAME
#undef T
#undef LOAD
#define T uint16_t
#define LOAD(p) from_bits((uint32_t) * (p) << 16)
#define NAME WITH(bfloat)
#include "_sums_columns.h"
#undef NAME
#undef LOAD
#define LOAD(p) from_half(*(p))
#define NAME WITH(half)
#include "_sums_columns.h"
#undef NAME
#undef LOAD
#undef T
#undef V
#undef INT
#undef MAGNITUDE
#define T double
#define V double
#define INT int64_t
#define LOAD(p) (*(p))
#define MAGNITUDE magnitude64
#define NAME WITH(double)
#include "_sums_columns.h"
#undef NAME
#undef LOAD
#undef T
#undef V
#undef INT
#undef MAGNITUDE
