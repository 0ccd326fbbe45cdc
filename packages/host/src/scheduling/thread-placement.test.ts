import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import { niceOf, placeThread, usualPlace } from './thread-placement.js';

describe('the place of a thread', () => {
  it('keeps the order of priorities', () => {
    const all = Array.from({ length: 256 }, (_, priority) => niceOf(priority));
    expect([all[0], all[10], all[255]]).toEqual([19, 0, -20]);
    expect(all).toEqual([...all].sort((a, b) => b - a));
  });

  it('is on the CPUs that were asked for', () => {
    const before = allowed();
    const [first = 0] = before.split(/[,-]/).map(Number);
    expect(placeThread({ cpulist: [first] })).toEqual([]);
    expect(allowed()).toBe(String(first));
    expect(placeThread({ cpulist: range(before) })).toEqual([]);
    expect(allowed()).toBe(before);
  });

  it('is as before for those that name none', () => {
    const before = allowed();
    expect(usualPlace()).toEqual({ cpulist: range(before), priority: 10 });
  });

  it('stays as it is when the system does not allow it, which is said', () => {
    const before = allowed();
    expect(placeThread({ cpulist: [availableParallelism() + 1000] })).toEqual([
      expect.stringMatching(/^it does not run on host CPUs \d+ only: .+/),
    ]);
    expect(allowed()).toBe(before);
  });
});

function allowed(): string {
  const status = readFileSync('/proc/thread-self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '';
}

function range(list: string): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
