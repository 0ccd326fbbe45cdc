import 'reflect-metadata';

export { containerResolver } from './container-resolver.js';
export { bridge, pluginFromTsyringe, type ServiceBridge } from './plugin-from-tsyringe.js';
export { registerPlugin } from './register-plugin.js';
