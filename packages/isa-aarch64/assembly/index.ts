export { lanes, sat_lanes } from './lanes';
export { add_narrow, sat_narrow } from './narrow';
export { polynomial_long, sat_long } from './long';
export { across } from './across';
