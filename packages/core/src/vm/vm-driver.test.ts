import { InstructionClock } from '../clock/instruction-clock.js';
import { VcpuExit } from '../vcpu/vcpu.js';
import { FAKE_FILES, FakeArchitecture, fakeVmOptions, type Instruction } from './fake-machine.test.helper.js';
import type { StepResult } from './step-result.js';
import { VmDriver, type DriverHost } from './vm-driver.js';
import type { VmOptions } from './vm-options.js';
import { Vm } from './vm.js';

/** A host whose time passes by command, with a log of what the driver did. */
function fakeHost() {
  const log: string[] = [];
  const host = { time: 0, log, fire: undefined as (() => void) | undefined };
  const implementation: DriverHost = {
    now: () => host.time,
    yield: () => {
      log.push('yield');
      return Promise.resolve();
    },
    after: (milliseconds, callback) => {
      log.push(`sleep ${milliseconds}`);
      host.fire = callback;
      return () => log.push('cancel');
    },
  };
  return { host, implementation };
}

const ENDED: StepResult = { kind: 'ended', exit: { exitCode: 0, reason: 'over' } };

/** Drives a list of step results. */
function drive(results: readonly StepResult[], now = 0) {
  const { host, implementation } = fakeHost();
  const budgets: number[] = [];
  const queue = [...results];
  const vm = {
    paused: false,
    instructions: 0,
    clock: { kind: 'real-time' as const, now: () => now, wallClockSeconds: () => 0, createTimer: () => fail() },
    step: (budget: number) => {
      budgets.push(budget);
      vm.instructions += budget;
      host.time += budget * 10;
      return queue.shift() ?? ENDED;
    },
    restartPauseMs: 0,
    restart: () => Promise.resolve(void host.log.push('restart')),
  };
  const driver = new VmDriver(vm, implementation);
  return { driver, host, budgets, vm };
}

function fail(): never {
  throw new Error('not expected');
}

/** Lets a VM run whose steps end early now and then; the host executes an instruction in `pace` nanoseconds. */
async function driveCounted(pace: number): Promise<{ readonly ends: readonly number[]; readonly yields: number }> {
  const { host, implementation } = fakeHost();
  const ends: number[] = [];
  const vm = {
    paused: false,
    instructions: 0,
    clock: new InstructionClock(),
    step: (budget: number): StepResult => {
      // A timer every 7,000 instructions ends the step of a slow host.
      const retired = pace > 50 ? Math.min(budget, 7_000 - (vm.instructions % 7_000)) : budget;
      vm.instructions += retired;
      host.time += retired * pace;
      if (retired === budget) ends.push(vm.instructions);
      return vm.instructions >= 1_000_000 ? ENDED : { kind: 'ran' };
    },
    restartPauseMs: 0,
    restart: () => Promise.resolve(),
  };
  await new VmDriver(vm, implementation).run();
  return { ends, yields: host.log.length };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('VmDriver', () => {
  it('ends turns at the same instructions on every host, under instruction-counted time', async () => {
    const [fast, slow] = [await driveCounted(1), await driveCounted(1000)];
    expect(fast.ends).toEqual(Array.from({ length: 50 }, (_, n) => (n + 1) * 20_000));
    expect(slow.ends).toEqual(fast.ends);
    // The event loop has its turn about once in a millisecond.
    expect([fast.yields, slow.yields]).toEqual([0, expect.any(Number)]);
    expect(slow.yields).toBeGreaterThan(100);
  });

  it('yields between slices and aims at a millisecond', async () => {
    const { driver, host, budgets } = drive(Array.from({ length: 40 }, () => ({ kind: 'ran' as const })));
    await driver.run();
    expect(host.log).toEqual(Array.from({ length: 40 }, () => 'yield'));
    // The guest runs at 100 MIPS, ten nanoseconds an instruction.
    expect(budgets.at(-1)).toBeGreaterThan(95_000);
    expect(budgets.at(-1)).toBeLessThanOrEqual(100_000);
  });

  it('gives the event loop a turn after every reset, and when promises alone wake it', async () => {
    const { driver, host } = drive([{ kind: 'reset' }, { kind: 'reset' }]);
    await driver.run();
    expect(host.log).toEqual(['restart', 'yield', 'restart', 'yield']);
    const idle = drive(Array.from({ length: 30 }, () => ({ kind: 'idle' as const, until: undefined })));
    const ended = idle.driver.run().then(() => true);
    for (let wakes = 0; wakes < 300; wakes++) {
      await Promise.resolve();
      idle.driver.wake();
    }
    expect(await ended).toBe(true);
    // Each of the thirty slices takes a millisecond, the first ones less.
    expect(idle.host.log.filter((line) => line === 'yield')).toHaveLength(1);
  });

  it('waits before a restart, in which the VM can be paused', async () => {
    const { driver, host, vm } = drive([{ kind: 'reset' }, { kind: 'reset' }, { kind: 'reset' }]);
    Object.assign(vm, { restartPauseMs: 40 });
    const running = driver.run();
    await turn();
    expect(host.log).toEqual(['sleep 40']);
    // Input is no reason to boot earlier.
    driver.wakeForIo();
    await turn();
    expect(host.log.slice(0, 2)).toEqual(['sleep 40', 'cancel']);
    expect(host.log[2]).toMatch(/^sleep (39|40)$/);
    vm.paused = true;
    driver.wake();
    await turn();
    expect(host.log.at(-1)).toBe('sleep 60000');
    host.time += 40e6;
    vm.paused = false;
    driver.wake();
    await running;
    expect(host.log.filter((line) => line === 'restart')).toHaveLength(1);
  });

  it('makes shorter slices while there is host I/O', async () => {
    const { driver, budgets } = drive([{ kind: 'ran' }]);
    driver.wakeForIo();
    await driver.run();
    expect(budgets[0]).toBe(12_500);
  });

  it('sleeps until the next timer, rounded up, and boots again', async () => {
    const { driver, host } = drive(
      [
        { kind: 'idle', until: 3_200_000 },
        { kind: 'idle', until: undefined },
        { kind: 'idle', until: 0 },
        { kind: 'reset' },
      ],
      1_000_000,
    );
    const done = driver.run();
    for (let i = 0; i < 3; i++) {
      host.fire?.();
      await turn();
    }
    await done;
    expect(host.log).toEqual(['sleep 3', 'cancel', 'sleep 60000', 'cancel', 'sleep 1', 'cancel', 'restart', 'yield']);
  });

  it('sleeps while the VM is paused', async () => {
    const { driver, host, vm, budgets } = drive([]);
    vm.paused = true;
    const done = driver.run();
    await turn();
    driver.wake();
    await turn();
    expect(budgets).toEqual([]);
    vm.paused = false;
    driver.wake();
    await done;
    expect(host.log).toEqual(['sleep 60000', 'cancel', 'sleep 60000', 'cancel']);
  });
});

async function runningVm(program: Instruction, changes: Partial<VmOptions> = {}) {
  const vm = new Vm(fakeVmOptions(new FakeArchitecture(program), { clock: { kind: 'real-time' }, ...changes }));
  await vm.boot(FAKE_FILES);
  return { vm, ended: vm.run() };
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Counts the steps of a VM. */
function countSteps(vm: Vm): { readonly count: number } {
  const spy = { count: 0 };
  const { step } = vm;
  vm.step = (maxInstructions) => {
    spy.count++;
    return step.call(vm, maxInstructions);
  };
  return spy;
}

describe('Vm.run', () => {
  it('runs until the guest powers off, and lets the host do its work meanwhile', async () => {
    let turns = 0;
    const count = (): void => {
      turns++;
      if (vm.exit === undefined) setImmediate(count);
    };
    const { vm, ended } = await runningVm((vcpu) => {
      if (vcpu.instructions === 1_000_000) vcpu.services.request({ kind: 'poweroff' });
    });
    count();
    expect(vm.run()).toBe(ended);
    expect(await ended).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    expect(turns).toBeGreaterThan(3);
    expect(vm.stats().busyTime).toBeGreaterThan(0);
  });

  it('does next to nothing while the guest waits', async () => {
    let ticks = 0;
    const { vm, ended } = await runningVm(() => VcpuExit.Halted);
    const step = countSteps(vm);
    const timer = vm.clock.createTimer('tick', () => {
      if (++ticks === 10) vm.destroy();
      else timer.arm(vm.clock.now() + 10e6);
    });
    vm.post(() => timer.arm(10e6));
    await ended;
    expect(ticks).toBe(10);
    // A step per timer, and one each for the start and the task; now and then a host timer fires early.
    expect(step.count).toBeGreaterThanOrEqual(ticks);
    expect(step.count).toBeLessThanOrEqual(2 * ticks + 4);
  });

  it('is woken by a task', async () => {
    const { vm, ended } = await runningVm(() => VcpuExit.Halted);
    await wait(5);
    // Nothing else would wake it for a minute.
    await new Promise<void>((resolve) => vm.post(resolve));
    vm.destroy();
    expect(await ended).toEqual({ exitCode: 3, reason: 'The power was cut.' });
  });

  it('stands still while paused', async () => {
    const { vm, ended } = await runningVm(() => undefined);
    await wait(5);
    vm.pause();
    await turn();
    const [instructions, time] = [vm.instructions, vm.clock.now()];
    await wait(10);
    expect([vm.instructions, vm.clock.now()]).toEqual([instructions, time]);
    vm.resume();
    await wait(5);
    expect(vm.instructions).toBeGreaterThan(instructions);
    vm.stop();
    expect(await ended).toEqual({ exitCode: 0, reason: 'The VM was stopped.' });
  });

  it('asks the guest to stop, and cuts the power when it does not', async () => {
    let pressed = 0;
    const plugin = (polite: boolean) => ({
      name: 'button',
      apply: ({ hooks }: Parameters<NonNullable<VmOptions['plugins']>[number]['apply']>[0]) => {
        hooks.powerButton.tap('button', () => {
          pressed++;
          return true;
        });
        if (polite) hooks.stateChanged.tap('button', ({ to }) => void (to === 'stopping' && (asked = true)));
      },
    });
    let asked = false;
    const guest: Instruction = (vcpu) => (asked ? void vcpu.services.request({ kind: 'poweroff' }) : undefined);
    const polite = await runningVm(guest, { plugins: [plugin(true)] });
    polite.vm.stop(1_000);
    expect(await polite.ended).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    const deaf = await runningVm(() => VcpuExit.Halted, { plugins: [plugin(false)] });
    deaf.vm.stop(10);
    expect(await deaf.ended).toEqual({ exitCode: 3, reason: 'The power was cut.' });
    expect(pressed).toBe(2);
  });

  it('cannot run before the guest is loaded', async () => {
    const vm = new Vm(fakeVmOptions(new FakeArchitecture()));
    await expect(vm.run()).rejects.toMatchObject({ code: 'vm.not-running' });
  });
});
