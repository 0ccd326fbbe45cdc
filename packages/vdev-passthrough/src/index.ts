export { copyEngine } from './copy-engine/copy-engine.js';
export { passthrough } from './passthrough/passthrough.js';
export { passthroughPlugin } from './plugin.js';
export type { DeviceLedger } from './registry/device-ledger.js';
export { DEVICE_LEDGER, LocalDeviceLedger } from './registry/device-ledger.js';
export { LocalHostDevices } from './registry/local-host-devices.js';
export type { DeviceLedgerCall, DeviceLedgerChannel, DeviceLedgerNote } from './registry/remote-device-ledger.js';
export { DeviceLedgerServer, RemoteDeviceLedger } from './registry/remote-device-ledger.js';
