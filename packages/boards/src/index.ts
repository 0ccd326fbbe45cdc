export { pc } from './pc.js';
export { boardsPlugin } from './plugin.js';
export { virt } from './virt.js';
