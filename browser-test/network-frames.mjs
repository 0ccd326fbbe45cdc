/** Of the experimental use of anybody (IEEE 802, 9.2.3). */
const ETHERTYPE = [0x88, 0xb5];

/** A station of the tests: a locally administered address. */
function addressOf(station) {
  return [2, 0, 0, 0, 0, station];
}

/** A frame from a station to all. */
export function broadcast(station, text) {
  return frameOf([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], station, text);
}

/** An answer to who sent a frame. */
export function reply(frame, station, text) {
  return frameOf([...frame.subarray(6, 12)], station, text);
}

/** Station and text of a frame, as `STATION: TEXT`. */
export function sourceOf(frame) {
  return `${frame[11]}: ${new TextDecoder().decode(frame.subarray(14))}`;
}

/** The next frame that a port receives. */
export function nextFrame(port) {
  return new Promise((resolve) => {
    port.onReceive((frame) => {
      resolve(frame.slice());
      return true;
    });
  });
}

function frameOf(destination, station, text) {
  return new Uint8Array([...destination, ...addressOf(station), ...ETHERTYPE, ...new TextEncoder().encode(text)]);
}
