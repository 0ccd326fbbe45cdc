import type { NetworkDeviceInfo } from '@qvm/core/services';
import { NETWORK_FABRIC } from '@qvm/core/services';
import type { CaptureSink } from '../capture/capture-sink.js';
import { BROADCAST, frame, Receiver, station } from '../frames.test.helper.js';
import { networkPlugin } from '../network-plugin.js';
import { PortEnd } from '../port/port-end.js';
import { SwitchFabric } from './switch-fabric.js';

function device(vm: string, number: number, more: Partial<NetworkDeviceInfo> = {}): NetworkDeviceInfo {
  return { vm, vdev: 'net0', mac: Uint8Array.from(station(number)), ...more };
}

const code = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'nothing thrown';
};

describe('a fabric', () => {
  it('makes switches at their first use', () => {
    const fabric = new SwitchFabric();
    const a = fabric.connect('vswitch0', device('a', 1));
    const atB = new Receiver(fabric.connect('vswitch0', device('b', 2)));
    const atC = new Receiver(fabric.connect('lab', device('c', 3)));
    a.send(frame(BROADCAST, station(1), 1));
    expect([atB.frames.length, atC.frames.length]).toEqual([1, 0]);
    expect([...fabric.switches.keys()]).toEqual(['vswitch0', 'lab']);
    expect(fabric.switch('vswitch0').ports.map(({ name }) => name)).toEqual(['a/net0', 'b/net0']);
  });

  it('refuses what it does not know', () => {
    const fabric = new SwitchFabric({ allowed: ['vswitch0'] });
    for (const peer of ['lab', '', 'a/b/c', '/net0', 'tap:', 'tap:name-too-long-for-linux', '0x', 'a b', 'a:b/c']) {
      expect([peer, code(() => fabric.connect(peer, device('a', 1)))]).toEqual([peer, 'network.unknown-peer']);
    }
    expect(code(() => fabric.connect('tap:qvm0', device('a', 1)))).toBe('network.tap-unavailable');
    expect(code(() => fabric.connect('vswitch0', device('a', 1, { capture: 'x' })))).toBe('network.capture');
    expect(code(() => fabric.connect('vswitch0', device('a', 1, { vlan: 4095 })))).toBe('network.vlan');
    expect(code(() => fabric.connect('vswitch0', device('a', 1)))).toBe('nothing thrown');
  });

  it('makes no more switches than anyone means', () => {
    const fabric = new SwitchFabric();
    for (let number = 0; number < 256; number++) fabric.switch(`s${number}`);
    expect(code(() => fabric.switch('s256'))).toBe('network.unknown-peer');
    expect(code(() => fabric.switch('s255'))).toBe('nothing thrown');
  });

  it('takes a device once, and again when it was pulled out', () => {
    const fabric = new SwitchFabric();
    const port = fabric.connect('vswitch0', device('a', 1));
    expect(code(() => fabric.connect('vswitch0', device('a', 2)))).toBe('network.device-taken');
    port.close();
    expect(code(() => fabric.connect('vswitch0', device('a', 2)))).toBe('nothing thrown');
  });

  it('warns of two devices with one address', () => {
    const messages: string[] = [];
    const fabric = new SwitchFabric({
      logger: { log: (level, message) => void messages.push(`${level}: ${message}`) },
    });
    fabric.connect('vswitch0', device('a', 1));
    fabric.connect('lab', device('b', 1));
    expect(messages).toEqual(['warn: b/net0 and a/net0 have the same MAC address, 02:00:00:00:00:01']);
  });

  it('captures what all devices at a switch send, each frame once', () => {
    const opened: { readonly path: string; readonly frames: number[]; closed: number }[] = [];
    const openCapture = (path: string): CaptureSink => {
      const file = { path, frames: [] as number[], closed: 0 };
      opened.push(file);
      return { record: (bytes) => void file.frames.push(bytes[6 + 5] ?? 0), close: () => void file.closed++ };
    };
    const fabric = new SwitchFabric({ openCapture });
    fabric.capture('vswitch0', 'all');
    fabric.capture('vswitch0', 'all');
    const a = fabric.connect('vswitch0', device('a', 1, { capture: 'a' }));
    const b = fabric.connect('vswitch0', device('b', 2));
    new Receiver(a);
    new Receiver(b);
    a.send(frame(BROADCAST, station(1), 1));
    b.send(frame(BROADCAST, station(2), 1));
    a.close();
    expect(opened).toMatchObject([
      { path: 'all', frames: [1, 2], closed: 0 },
      { path: 'a', frames: [1, 2], closed: 1 },
    ]);
    fabric.close();
    fabric.close();
    expect(opened[0]?.closed).toBe(1);
    expect(code(() => new SwitchFabric().capture('vswitch0', 'all'))).toBe('network.capture');
  });

  it('closes the capture of a device that it refuses', () => {
    const events: string[] = [];
    const openCapture = (path: string, name: string) => {
      events.push(`open ${path} ${name}`);
      return { record: () => undefined, close: () => void events.push('close') };
    };
    const fabric = new SwitchFabric({ openCapture });
    expect(code(() => fabric.connect('a/net0', device('a', 1, { capture: 'f' })))).toBe('network.unknown-peer');
    expect(events).toEqual(['open f a/net0', 'close']);
  });

  it('is given to VMs by a plugin', () => {
    const fabric = new SwitchFabric();
    const resolver = { get: () => undefined as never, getAll: () => [] };
    for (const given of [fabric, () => fabric]) {
      const [provider] = networkPlugin(given).provides;
      expect(provider?.token).toBe(NETWORK_FABRIC);
      expect(provider?.factory(resolver)).toBe(fabric);
    }
  });
});

describe('a cable', () => {
  it('joins two devices that name each other, and its link is up while both are there', () => {
    const fabric = new SwitchFabric();
    const a = fabric.connect('b/net0', device('a', 1));
    const links: boolean[] = [];
    a.onLinkChange(() => links.push(a.linkUp));
    expect(a.linkUp).toBe(false);
    expect(a.send(frame(BROADCAST, station(1), 1))).toBe(false);
    const b = fabric.connect('/dev/qvm/a/net0', device('b', 2));
    const [atA, atB] = [new Receiver(a), new Receiver(b)];
    expect([a.linkUp, b.linkUp]).toEqual([true, true]);
    expect(a.send(frame(BROADCAST, station(1), 2))).toBe(true);
    expect(b.send(frame(station(1), station(2), 3))).toBe(true);
    expect(atB.frames).toEqual([frame(BROADCAST, station(1), 2)]);
    expect(atA.frames).toEqual([frame(station(1), station(2), 3)]);
    b.close();
    expect(links).toEqual([true, false]);
    fabric.connect('a/net0', device('b', 2));
    expect(links).toEqual([true, false, true]);
  });

  it('has two ends and no more', () => {
    const fabric = new SwitchFabric();
    fabric.connect('b/net0', device('a', 1));
    expect(code(() => fabric.connect('b/net0', device('c', 3)))).toBe('network.peer-taken');
    expect(code(() => fabric.connect('a/net0', device('c', 3)))).toBe('network.peer-taken');
    expect(code(() => fabric.connect('c/net0', device('c', 3)))).toBe('network.unknown-peer');
    expect(code(() => fabric.connect('a/net0', device('b', 2, { vlan: 5 })))).toBe('network.vlan');
  });
});

describe('a TAP device', () => {
  it('has one device, and is closed with it', () => {
    const sent: number[] = [];
    const taps: PortEnd[] = [];
    const openTap = (): PortEnd => {
      const tap = new PortEnd({
        transmit: (bytes) => {
          sent.push(bytes.length);
          return 'sent';
        },
        closed: () => undefined,
      });
      taps.push(tap);
      return tap;
    };
    const fabric = new SwitchFabric({ openTap });
    const a = fabric.connect('tap:qvm0', device('a', 1));
    const atA = new Receiver(a);
    expect(a.linkUp).toBe(true);
    a.send(frame(BROADCAST, station(1), 1));
    taps[0]?.deliver(frame(station(1), station(9), 2), undefined);
    expect(sent).toEqual([60]);
    expect(atA.frames).toEqual([frame(station(1), station(9), 2)]);
    expect(code(() => fabric.connect('tap:qvm0', device('b', 2)))).toBe('network.peer-taken');
    a.close();
    expect(taps[0]?.linkUp).toBe(false);
    expect(code(() => fabric.connect('tap:qvm0', device('b', 2)))).toBe('nothing thrown');
  });
});
