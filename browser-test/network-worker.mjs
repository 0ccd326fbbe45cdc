// A network device in a worker: asks the page for a cable, sends a frame and posts what came back.
import { ThreadFabric } from '@qvm/vswitch';
import { broadcast, nextFrame, sourceOf } from './network-frames.mjs';

const fabric = new ThreadFabric((peer, device, parts) => postMessage({ peer, device, parts }, [parts.wake]));
const port = fabric.connect('vswitch0', { vm: 'worker', vdev: 'net', mac: new Uint8Array([2, 0, 0, 0, 0, 9]) });
const answered = nextFrame(port);
const linked = new Promise((resolve) => port.onLinkChange(resolve));
if (!port.linkUp) await linked;
port.send(broadcast(9, 'ping'));
postMessage({ answer: sourceOf(await answered) });
