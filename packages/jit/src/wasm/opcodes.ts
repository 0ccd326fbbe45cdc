const CORE = {
  select: 0x1b,
  return: 0x0f,
  unreachable: 0x00,
  i32_load: 0x28,
  i64_load: 0x29,
  i32_load8_s: 0x2c,
  i32_load8_u: 0x2d,
  i32_load16_s: 0x2e,
  i32_load16_u: 0x2f,
  i64_load8_s: 0x30,
  i64_load8_u: 0x31,
  i64_load16_s: 0x32,
  i64_load16_u: 0x33,
  i64_load32_s: 0x34,
  i64_load32_u: 0x35,
  i32_store: 0x36,
  i64_store: 0x37,
  i32_store8: 0x3a,
  i32_store16: 0x3b,
  i64_store8: 0x3c,
  i64_store16: 0x3d,
  i64_store32: 0x3e,
  i32_eqz: 0x45,
  i64_eqz: 0x50,
  i32_wrap_i64: 0xa7,
  i64_extend_i32_s: 0xac,
  i64_extend_i32_u: 0xad,
  i32_extend8_s: 0xc0,
  i32_extend16_s: 0xc1,
  i64_extend8_s: 0xc2,
  i64_extend16_s: 0xc3,
  i64_extend32_s: 0xc4,
  v128_load: 0xfd00,
  v128_load32_zero: 0xfd5c,
  v128_load64_zero: 0xfd5d,
  v128_store: 0xfd0b,
  v128_const: 0xfd0c,
  i8x16_shuffle: 0xfd0d,
  v128_bitselect: 0xfd52,
  memory_copy: 0xfc0a,
  memory_fill: 0xfc0b,
  i64_atomic_rmw_cmpxchg: 0xfe49,
  i64_atomic_rmw32_cmpxchg_u: 0xfe4e,
} as const;

/**
 * Names in {@link Op}.
 *
 * @experimental
 */
export type OpName = keyof typeof CORE;

/**
 * WebAssembly opcodes by the names of the specification (i32 and i64 forms side by side if both exist). Prefixed
 * opcodes have their prefix in the high byte.
 *
 * @experimental
 */
export const Op: Readonly<Record<OpName, number>> = CORE;

const INTEGER = {
  eq: [0x46, 0x51],
  ne: [0x47, 0x52],
  lts: [0x48, 0x53],
  ltu: [0x49, 0x54],
  gts: [0x4a, 0x55],
  gtu: [0x4b, 0x56],
  les: [0x4c, 0x57],
  leu: [0x4d, 0x58],
  ges: [0x4e, 0x59],
  geu: [0x4f, 0x5a],
  clz: [0x67, 0x79],
  ctz: [0x68, 0x7a],
  popcnt: [0x69, 0x7b],
  add: [0x6a, 0x7c],
  sub: [0x6b, 0x7d],
  mul: [0x6c, 0x7e],
  divs: [0x6d, 0x7f],
  divu: [0x6e, 0x80],
  rems: [0x6f, 0x81],
  remu: [0x70, 0x82],
  and: [0x71, 0x83],
  or: [0x72, 0x84],
  xor: [0x73, 0x85],
  shl: [0x74, 0x86],
  sar: [0x75, 0x87],
  shr: [0x76, 0x88],
  rotl: [0x77, 0x89],
  ror: [0x78, 0x8a],
} as const;

/**
 * Names in {@link IntOp}.
 *
 * @experimental
 */
export type IntOpName = keyof typeof INTEGER;

/**
 * Integer operations that exist for i32 and i64: `[i32 opcode, i64 opcode]`.
 *
 * @experimental
 */
export const IntOp: Readonly<Record<IntOpName, readonly [i32: number, i64: number]>> = INTEGER;

const VECTOR = {
  f32x4_eq: 0xfd41, f32x4_ne: 0xfd42, f32x4_lt: 0xfd43, f32x4_gt: 0xfd44, f32x4_le: 0xfd45, f32x4_ge: 0xfd46,
  f64x2_eq: 0xfd47, f64x2_ne: 0xfd48, f64x2_lt: 0xfd49, f64x2_gt: 0xfd4a, f64x2_le: 0xfd4b, f64x2_ge: 0xfd4c,
  f64x2_convert_low_i32x4_s: 0xfdfe,
  f32x4_sqrt: 0xfde3,
  f32x4_add: 0xfde4,
  f32x4_sub: 0xfde5,
  f32x4_mul: 0xfde6,
  f32x4_div: 0xfde7,
  f64x2_sqrt: 0xfdef,
  f64x2_add: 0xfdf0,
  f64x2_sub: 0xfdf1,
  f64x2_mul: 0xfdf2,
  f64x2_div: 0xfdf3,
  i8x16_swizzle: 0xfd0e,
  i8x16_splat: 0xfd0f,
  i16x8_splat: 0xfd10,
  i32x4_splat: 0xfd11,
  i64x2_splat: 0xfd12,
  i8x16_extract_lane_s: 0xfd15,
  i8x16_extract_lane_u: 0xfd16,
  i8x16_replace_lane: 0xfd17,
  i16x8_extract_lane_s: 0xfd18,
  i16x8_extract_lane_u: 0xfd19,
  i16x8_replace_lane: 0xfd1a,
  i32x4_extract_lane: 0xfd1b,
  i32x4_replace_lane: 0xfd1c,
  i64x2_extract_lane: 0xfd1d,
  i64x2_replace_lane: 0xfd1e,
  i8x16_eq: 0xfd23, i8x16_ne: 0xfd24, i8x16_lt_s: 0xfd25, i8x16_lt_u: 0xfd26, i8x16_gt_s: 0xfd27, i8x16_gt_u: 0xfd28,
  i8x16_le_s: 0xfd29, i8x16_le_u: 0xfd2a, i8x16_ge_s: 0xfd2b, i8x16_ge_u: 0xfd2c,
  i16x8_eq: 0xfd2d, i16x8_ne: 0xfd2e, i16x8_lt_s: 0xfd2f, i16x8_lt_u: 0xfd30, i16x8_gt_s: 0xfd31, i16x8_gt_u: 0xfd32,
  i16x8_le_s: 0xfd33, i16x8_le_u: 0xfd34, i16x8_ge_s: 0xfd35, i16x8_ge_u: 0xfd36,
  i32x4_eq: 0xfd37, i32x4_ne: 0xfd38, i32x4_lt_s: 0xfd39, i32x4_lt_u: 0xfd3a, i32x4_gt_s: 0xfd3b, i32x4_gt_u: 0xfd3c,
  i32x4_le_s: 0xfd3d, i32x4_le_u: 0xfd3e, i32x4_ge_s: 0xfd3f, i32x4_ge_u: 0xfd40,
  v128_not: 0xfd4d,
  v128_and: 0xfd4e,
  v128_andnot: 0xfd4f,
  v128_or: 0xfd50,
  v128_xor: 0xfd51,
  v128_any_true: 0xfd53,
  i8x16_abs: 0xfd60, i8x16_neg: 0xfd61, i8x16_popcnt: 0xfd62, i8x16_all_true: 0xfd63, i8x16_bitmask: 0xfd64,
  i8x16_narrow_i16x8_s: 0xfd65, i8x16_narrow_i16x8_u: 0xfd66,
  i8x16_shl: 0xfd6b, i8x16_shr_s: 0xfd6c, i8x16_shr_u: 0xfd6d,
  i8x16_add: 0xfd6e, i8x16_add_sat_s: 0xfd6f, i8x16_add_sat_u: 0xfd70,
  i8x16_sub: 0xfd71, i8x16_sub_sat_s: 0xfd72, i8x16_sub_sat_u: 0xfd73,
  i8x16_min_s: 0xfd76, i8x16_min_u: 0xfd77, i8x16_max_s: 0xfd78, i8x16_max_u: 0xfd79, i8x16_avgr_u: 0xfd7b,
  i16x8_extadd_pairwise_i8x16_s: 0xfd7c, i16x8_extadd_pairwise_i8x16_u: 0xfd7d,
  i32x4_extadd_pairwise_i16x8_s: 0xfd7e, i32x4_extadd_pairwise_i16x8_u: 0xfd7f,
  i16x8_abs: 0xfd80, i16x8_neg: 0xfd81, i16x8_all_true: 0xfd83, i16x8_bitmask: 0xfd84,
  i16x8_narrow_i32x4_s: 0xfd85, i16x8_narrow_i32x4_u: 0xfd86,
  i16x8_extend_low_i8x16_s: 0xfd87, i16x8_extend_high_i8x16_s: 0xfd88, i16x8_extend_low_i8x16_u: 0xfd89, i16x8_extend_high_i8x16_u: 0xfd8a,
  i16x8_shl: 0xfd8b, i16x8_shr_s: 0xfd8c, i16x8_shr_u: 0xfd8d,
  i16x8_add: 0xfd8e, i16x8_add_sat_s: 0xfd8f, i16x8_add_sat_u: 0xfd90,
  i16x8_sub: 0xfd91, i16x8_sub_sat_s: 0xfd92, i16x8_sub_sat_u: 0xfd93,
  i16x8_mul: 0xfd95, i16x8_min_s: 0xfd96, i16x8_min_u: 0xfd97, i16x8_max_s: 0xfd98, i16x8_max_u: 0xfd99, i16x8_avgr_u: 0xfd9b,
  i16x8_extmul_low_i8x16_s: 0xfd9c, i16x8_extmul_high_i8x16_s: 0xfd9d, i16x8_extmul_low_i8x16_u: 0xfd9e, i16x8_extmul_high_i8x16_u: 0xfd9f,
  i32x4_abs: 0xfda0, i32x4_neg: 0xfda1, i32x4_all_true: 0xfda3, i32x4_bitmask: 0xfda4,
  i32x4_extend_low_i16x8_s: 0xfda7, i32x4_extend_high_i16x8_s: 0xfda8, i32x4_extend_low_i16x8_u: 0xfda9, i32x4_extend_high_i16x8_u: 0xfdaa,
  i32x4_shl: 0xfdab, i32x4_shr_s: 0xfdac, i32x4_shr_u: 0xfdad,
  i32x4_add: 0xfdae, i32x4_sub: 0xfdb1, i32x4_mul: 0xfdb5,
  i32x4_min_s: 0xfdb6, i32x4_min_u: 0xfdb7, i32x4_max_s: 0xfdb8, i32x4_max_u: 0xfdb9,
  i32x4_dot_i16x8_s: 0xfdba,
  i32x4_extmul_low_i16x8_s: 0xfdbc, i32x4_extmul_high_i16x8_s: 0xfdbd, i32x4_extmul_low_i16x8_u: 0xfdbe, i32x4_extmul_high_i16x8_u: 0xfdbf,
  i64x2_abs: 0xfdc0, i64x2_neg: 0xfdc1, i64x2_all_true: 0xfdc3, i64x2_bitmask: 0xfdc4,
  i64x2_extend_low_i32x4_s: 0xfdc7, i64x2_extend_high_i32x4_s: 0xfdc8, i64x2_extend_low_i32x4_u: 0xfdc9, i64x2_extend_high_i32x4_u: 0xfdca,
  i64x2_shl: 0xfdcb, i64x2_shr_s: 0xfdcc, i64x2_shr_u: 0xfdcd,
  i64x2_add: 0xfdce, i64x2_sub: 0xfdd1, i64x2_mul: 0xfdd5,
  i64x2_eq: 0xfdd6, i64x2_ne: 0xfdd7, i64x2_lt_s: 0xfdd8, i64x2_gt_s: 0xfdd9, i64x2_le_s: 0xfdda, i64x2_ge_s: 0xfddb,
  i64x2_extmul_low_i32x4_s: 0xfddc, i64x2_extmul_high_i32x4_s: 0xfddd, i64x2_extmul_low_i32x4_u: 0xfdde, i64x2_extmul_high_i32x4_u: 0xfddf,
} as const;

/**
 * Names in {@link Simd}.
 *
 * @experimental
 */
export type SimdName = keyof typeof VECTOR;

/** Vector opcodes by the names of the specification, for the lane shapes in use. @experimental */
export const Simd: Readonly<Record<SimdName, number>> = VECTOR;
