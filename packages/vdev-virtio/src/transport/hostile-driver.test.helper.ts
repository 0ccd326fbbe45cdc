import { FakeGuestMemory } from '@qvm/testing';
import type { VdevFactory } from '@qvm/core/vdev';
import fc from 'fast-check';
import { virtioConsole } from '../console/type.js';
import { testDeviceType } from '../device/test-device.test.helper.js';
import { virtioEntropy } from '../entropy/type.js';
import { virtioVdev } from '../virtio-vdev.js';

/*
 * A driver that writes registers in any order, with arbitrary data in RAM. It often writes the values of a
 * well-behaved driver, so that it reaches deep states.
 */

/** Bytes of RAM. */
export const RAM_BYTES = 0x2000;
export const BASE = new FakeGuestMemory(RAM_BYTES).base;

export type Access = readonly [offset: number, value: number];

const register = fc.nat(0x7f).map((index) => index * 4);
const value = fc.oneof(
  fc.nat(4),
  fc.constantFrom(0xffff_ffff, 0x8000_0000, 16, 64),
  fc.nat((RAM_BYTES - 1) >> 4).map((index) => BASE + index * 16),
);
const anyAccess: fc.Arbitrary<readonly Access[]> = fc.tuple(register, value).map((access) => [access]);

const negotiate: fc.Arbitrary<readonly Access[]> = fc
  .constantFrom(0x3000_0000, 0, 0x3000_0007, 1 << 28)
  .map((features) => [
    [0x024, 0],
    [0x020, features],
    [0x024, 1],
    [0x020, 1],
    [0x070, 11],
  ]);

export const setUpQueue: fc.Arbitrary<readonly Access[]> = fc
  .tuple(fc.nat(5), fc.constantFrom(1, 2, 4, 8, 16), fc.nat(0x1ff), fc.nat(0x1ff), fc.nat(0x1ff))
  .map(([queue, size, ...areas]) => [
    [0x030, queue],
    [0x038, size],
    ...[0x080, 0x090, 0x0a0].map((offset, area): Access => [offset, BASE + (areas[area] ?? 0) * 16]),
    [0x044, 1],
  ]);

/** Like {@link setUpQueue}, for version 1: pages of 16 bytes reach any part of RAM. */
export const setUpLegacyQueue: fc.Arbitrary<readonly Access[]> = fc
  .tuple(fc.nat(5), fc.constantFrom(1, 2, 4, 8, 16), fc.constantFrom(4, 16, 64, 4096), fc.nat(0x1ff))
  .map(([queue, size, alignment, page]) => [
    [0x028, 16],
    [0x030, queue],
    [0x038, size],
    [0x03c, alignment],
    [0x040, BASE / 16 + page],
  ]);

const go: fc.Arbitrary<readonly Access[]> = fc.nat(5).map((queue) => [
  [0x070, 15],
  [0x050, queue],
]);

export const sessionWith = (setUp: fc.Arbitrary<readonly Access[]>) =>
  fc.record({
    accesses: fc.array(fc.oneof(anyAccess, negotiate, setUp, setUp, go, go), { maxLength: 60 }),
    ram: fc.array(fc.oneof(fc.constantFrom(0, 0, 0, 1, 2, BASE, BASE + 0x1000), fc.nat(0xffff_ffff)), {
      minLength: 64,
      maxLength: 512,
    }),
    input: fc.string({ maxLength: 40 }),
  });

export const FACTORIES: readonly (readonly [VdevFactory, Readonly<Record<string, string | readonly string[]>>])[] = [
  [virtioVdev(testDeviceType()), {}],
  [virtioVdev(virtioEntropy), { seed: '1' }],
  [virtioVdev(virtioConsole), { hostdev: 'one', port: ['two:two'] }],
];
