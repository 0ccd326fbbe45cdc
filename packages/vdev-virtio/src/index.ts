export { virtioVdevs } from './virtio-vdevs.js';
