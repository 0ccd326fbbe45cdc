export { f32_add, f32_sub, f64_add, f64_sub } from '../add';
export { f32_mul, f64_mul } from '../mul';
export { f32_div, f32_sqrt, f64_div, f64_sqrt } from '../div-sqrt';
export { f32_to_f64, f64_to_f32 } from '../convert';
export * from './compare';
export * from './integer';
export * from './estimate';
export * from './dot-product';
export * from './generated/vector';
