export { x86_64 } from './architecture.js';
