export { f80_add, f80_div, f80_mul, f80_sqrt, f80_sub } from './arithmetic';
export * from './arctangent';
export * from './compare';
export * from './constants';
export * from './convert';
export * from './logarithm';
export { f80_extract, f80_rem, f80_rint, f80_scale } from './scale';
export { f80_stack_fault } from './status';
export * from './trigonometry';
