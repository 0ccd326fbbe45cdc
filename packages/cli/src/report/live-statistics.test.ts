import { activity } from './live-statistics.js';

it('says what a VM did between two samples', () => {
  const before = { at: 1_000, stats: { instructions: 1e6, busyTime: 1e9, interrupts: 10 } };
  const after = { at: 3_000, stats: { instructions: 101e6, busyTime: 2e9, interrupts: 30 } };
  expect(activity('vm', before, after)).toBe('vm 50 % busy, 50.0 MIPS, 10 interrupts/s');
});

it('survives samples of one moment', () => {
  const sample = { at: 0, stats: { instructions: 0, busyTime: 0, interrupts: 0 } };
  expect(activity('vm', sample, sample)).toBe('vm 0 % busy, 0.0 MIPS, 0 interrupts/s');
});
