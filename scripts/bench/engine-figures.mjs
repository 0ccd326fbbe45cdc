/* Figures out of the statistics of qvm's engine: `qvm start --stats`. */

const sumOf = (statistics, field) => statistics.engine.vcpus.reduce((sum, vcpu) => sum + vcpu[field], 0);
const megahertz = (statistics) => (statistics.instructions / statistics.busyTime) * 1e3;

/** A guest that booted and powered off. */
export function addBootFigures(figures, side, group, statistics) {
  const add = (name, unit, value) => figures.add(side, { group, name, unit }, value);
  add('instructions, boot to power-off', 'M', statistics.instructions / 1e6);
  add('speed, boot to power-off', 'MIPS', megahertz(statistics));
}

/**
 * A guest that booted, ran its bench and powered off.
 *
 * @param boot - statistics of one that did the same without the bench, if there is one: what it did is taken off.
 */
export function addBenchFigures(figures, side, group, statistics, boot) {
  const add = (name, unit, value) => figures.add(side, { group, name, unit }, value);
  add('speed, boot and bench', 'MIPS', megahertz(statistics));
  add('longest delay of a timer', 'ms', statistics.timerDelays.longest / 1e6);
  add('timers delayed by 10 ms or more', '%', shareDelayed(statistics.timerDelays, 1e7));
  const { regions } = statistics.engine;
  if (regions) {
    add('translation, a guest instruction', 'µs', (regions.milliseconds * 1e3) / regions.translated);
    add('translation, longest pause', 'ms', regions.longestPause);
    add('translation, share of busy time', '%', (regions.milliseconds * 1e6 * 100) / statistics.busyTime);
  }
  if (boot === undefined) return;
  const instructions = statistics.instructions - boot.instructions;
  const inRegions = sumOf(statistics, 'regionInstructions') - sumOf(boot, 'regionInstructions');
  add('instructions in regions, bench alone', '%', (inRegions / instructions) * 100);
}

/** Percent of the timers that fired `least` nanoseconds after their deadline or later. */
function shareDelayed({ counts, bounds }, least) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const first = bounds.indexOf(least) + 1;
  const delayed = counts.slice(first).reduce((sum, count) => sum + count, 0);
  return total === 0 ? undefined : (delayed / total) * 100;
}
