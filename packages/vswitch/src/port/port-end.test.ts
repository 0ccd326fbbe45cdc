import type { FrameOffload } from '@qvm/core/services';
import { frame, Receiver, station } from '../frames.test.helper.js';
import { FrameQueue } from './frame-queue.js';
import { joinPorts } from './join-ports.js';
import { PortEnd, type PortOptions } from './port-end.js';

const A = station(1);
const B = station(2);

function makePort(options: PortOptions = {}) {
  const transmitted: Uint8Array[] = [];
  const port = new PortEnd(
    {
      transmit: (bytes) => {
        transmitted.push(bytes.slice());
        return 'sent';
      },
      closed: () => undefined,
    },
    options,
  );
  return { port, transmitted };
}

const content = (frames: readonly Uint8Array[]): readonly number[] =>
  frames.map((bytes) => new DataView(bytes.buffer).getUint32(14));

describe('a port', () => {
  it('keeps what its device cannot take, up to its bounds, in order', () => {
    const { port } = makePort({ bounds: { frames: 3, bytes: 10_000 } });
    const receiver = new Receiver(port, 1);
    const taken = [1, 2, 3, 4, 5].map((number) => port.deliver(frame(A, B, number), undefined));
    expect(taken).toEqual([true, true, true, true, false]);
    expect(port.waiting).toBe(3);
    receiver.room = 2;
    port.resume();
    expect(content(receiver.frames)).toEqual([1, 2, 3]);
    // Later frames do not overtake the one that waits.
    receiver.room = 1;
    port.deliver(frame(A, B, 6), undefined);
    expect(content(receiver.frames)).toEqual([1, 2, 3]);
    receiver.room = 9;
    port.resume();
    expect(content(receiver.frames)).toEqual([1, 2, 3, 4, 6]);
    expect(port.counters).toMatchObject({ receivedFrames: 5, receivedBytes: 300, receiveDrops: 1 });
  });

  it('keeps copies: the sender uses its array again', () => {
    const { port } = makePort();
    const receiver = new Receiver(port, 0);
    const bytes = frame(A, B, 1);
    port.deliver(bytes, undefined);
    bytes.fill(0);
    receiver.room = 1;
    port.resume();
    expect(receiver.frames).toEqual([frame(A, B, 1)]);
  });

  it('drops what nobody listens for, and what waits when the listener goes', () => {
    const { port } = makePort();
    expect(port.deliver(frame(A, B, 1), undefined)).toBe(false);
    new Receiver(port, 0);
    port.deliver(frame(A, B, 2), undefined);
    port.onReceive(undefined);
    expect(port.waiting).toBe(0);
    expect(port.counters).toMatchObject({ receivedFrames: 0, receiveDrops: 2 });
  });

  it('sends nothing while the link is down, and says when that changes', () => {
    const { port, transmitted } = makePort({ linkUp: false });
    const changes: boolean[] = [];
    port.onLinkChange(() => changes.push(port.linkUp));
    expect(port.send(frame(A, B, 1))).toBe(false);
    port.setLink(true);
    port.setLink(true);
    expect(port.send(frame(A, B, 2))).toBe(true);
    expect(content(transmitted)).toEqual([2]);
    port.setLink(false);
    expect(changes).toEqual([true, false]);
    expect(port.counters).toMatchObject({ sentFrames: 1, sendDrops: 1 });
  });

  it('does not call a listener inside itself: answers that come back at once wait their turn', () => {
    const order: string[] = [];
    const port: PortEnd = new PortEnd({
      transmit: (bytes) => (port.deliver(bytes, undefined) ? 'sent' : 'full'),
      closed: () => undefined,
    });
    port.onReceive((bytes) => {
      const number = new DataView(bytes.buffer).getUint32(14);
      order.push(`begin ${number}`);
      if (number < 3) port.send(frame(A, B, number + 1));
      order.push(`end ${number}`);
      return true;
    });
    port.send(frame(A, B, 1));
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  });

  it('records both directions as on a wire, and closes the capture once', () => {
    const recorded: string[] = [];
    const capture = {
      record: (bytes: Uint8Array, direction: string) => void recorded.push(`${direction} ${bytes.length}`),
      close: () => void recorded.push('closed'),
    };
    const { port } = makePort({ capture });
    const receiver = new Receiver(port);
    port.send(frame(A, B, 1));
    port.deliver(frame(A, B, 2, undefined, 70), undefined);
    port.close();
    port.close();
    expect(recorded).toEqual(['out 60', 'in 70', 'closed']);
    expect(receiver.frames).toHaveLength(1);
  });

  it('admits only offloads that hold together', () => {
    const { port, transmitted } = makePort();
    const wrong: FrameOffload = {
      needsChecksum: true,
      checksumStart: 59,
      checksumOffset: 0,
      segmentation: 'none',
      segmentSize: 0,
      ecn: false,
    };
    expect(port.send(frame(A, B, 1), wrong)).toBe(false);
    expect(port.send(frame(A, B, 1), { ...wrong, checksumStart: 58 })).toBe(true);
    expect(transmitted).toHaveLength(1);
  });
});

describe('joined ports', () => {
  it('pass on what either receives, until both are closed', () => {
    const [one, other] = [makePort(), makePort()];
    const close = joinPorts(one.port, other.port);
    one.port.deliver(frame(A, B, 1), undefined);
    other.port.deliver(frame(A, B, 2), undefined);
    expect(content(other.transmitted)).toEqual([1]);
    expect(content(one.transmitted)).toEqual([2]);
    close();
    expect([one.port.linkUp, other.port.linkUp]).toEqual([false, false]);
  });
});

describe('a queue of frames', () => {
  it('is bounded in bytes too, also after very many frames', () => {
    const queue = new FrameQueue({ frames: 10, bytes: 130 });
    for (let number = 0; number < 1000; number++) {
      expect(queue.push(frame(A, B, number), undefined)).toBe(true);
      expect(queue.push(frame(A, B, number), undefined)).toBe(true);
      expect(queue.push(frame(A, B, number), undefined)).toBe(false);
      expect(content([queue.peek()?.frame ?? new Uint8Array(20)])).toEqual([number]);
      queue.drop();
      queue.drop();
      queue.drop();
      expect(queue.length).toBe(0);
    }
  });
});
