import { sha256 } from './sha256.js';

describe('sha256', () => {
  it('is that of FIPS 180-4, appendix B.1, in shared memory too', async () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set([0x61, 0x62, 0x63]);
    expect(await sha256(Uint8Array.of(0x61, 0x62, 0x63))).toBe(expected);
    expect(await sha256(shared)).toBe(expected);
  });
});
