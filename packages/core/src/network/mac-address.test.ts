import { formatMac, isGroupMac, isStationMac, macAt, parseMac } from './mac-address.js';

describe('a MAC address', () => {
  it.each([
    ['52:54:00:12:34:56', [0x52, 0x54, 0, 0x12, 0x34, 0x56]],
    ['52-54-00-AB-cd-Ef', [0x52, 0x54, 0, 0xab, 0xcd, 0xef]],
    ['02:00:00:00:00:01', [2, 0, 0, 0, 0, 1]],
  ])('is read from %s, and written', (text, bytes) => {
    expect(parseMac(text)).toEqual(Uint8Array.from(bytes));
    expect(parseMac(formatMac(Uint8Array.from(bytes)))).toEqual(Uint8Array.from(bytes));
  });

  it.each([
    '',
    '52:54:00:12:34',
    '52:54:00:12:34:56:78',
    '52:54-00:12:34:56',
    '5254.0012.3456',
    '52:54:00:12:34:5g',
    '2:0:0:0:0:1',
    ' 02:00:00:00:00:01',
  ])('is not %j', (text) => expect(parseMac(text)).toBeUndefined());

  it('is a number of 48 bits in a frame', () => {
    const frame = Uint8Array.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa]);
    expect(macAt(frame, 1)).toBe(0xfffe_fdfc_fbfa);
    expect(formatMac(macAt(frame, 1))).toBe('ff:fe:fd:fc:fb:fa');
    expect(formatMac(1)).toBe('00:00:00:00:00:01');
    expect(macAt(frame, 3)).toBe(0xfdfc_fbfa_0000);
  });

  it('is of a group, of a station or of nobody', () => {
    const mac = (text: string): Uint8Array => parseMac(text) as Uint8Array;
    expect(
      ['01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff', '02:00:00:00:00:01'].map((text) => isGroupMac(mac(text))),
    ).toEqual([true, true, false]);
    expect(
      ['02:00:00:00:00:01', '01:00:5e:00:00:01', '00:00:00:00:00:00'].map((text) => isStationMac(mac(text))),
    ).toEqual([true, false, false]);
    expect(isStationMac(new Uint8Array([2, 0, 0]))).toBe(false);
  });
});
