import fc from 'fast-check';
import type { QvmError } from '../errors/qvm-error.js';
import { FAKE_FILES, FakeArchitecture, fakeVmOptions } from './fake-machine.test.helper.js';
import { nextVmState, VmLifecycle, type VmState, type VmVerb } from './vm-state.js';
import { Vm } from './vm.js';

const STATES: readonly VmState[] = ['created', 'starting', 'running', 'paused', 'stopping', 'stopped', 'failed'];
const VERBS: readonly VmVerb[] = ['start', 'started', 'pause', 'resume', 'stop', 'end', 'fail'];

describe('VmLifecycle', () => {
  it('has these transitions and no others', () => {
    const table = STATES.flatMap((state) =>
      VERBS.flatMap((verb) => {
        const next = nextVmState(state, verb);
        return next === undefined ? [] : [`${state} ${verb} ${next}`];
      }),
    );
    expect(table).toEqual([
      'created start starting',
      'created end stopped',
      'starting started running',
      'starting end stopped',
      'starting fail failed',
      'running pause paused',
      'running stop stopping',
      'running end stopped',
      'running fail failed',
      'paused resume running',
      'paused stop stopping',
      'paused end stopped',
      'paused fail failed',
      'stopping end stopped',
      'stopping fail failed',
    ]);
  });

  it('names state and verb of an illegal transition', () => {
    const lifecycle = new VmLifecycle('vm1');
    expect(() => lifecycle.apply('resume')).toThrow('The VM vm1 cannot resume: it is created.');
    expect(() => lifecycle.apply('resume')).toThrow(
      expect.objectContaining({ code: 'vm.illegal-transition' }) as QvmError,
    );
    expect([lifecycle.state, lifecycle.can('start'), lifecycle.can('pause')]).toEqual(['created', true, false]);
  });
});

/** The model's state of a VM. */
interface Model {
  state: VmState;
  exitCode: number | undefined;
}

type Command = fc.AsyncCommand<Model, Vm>;

/** A command that is legal in some states, and in the others throws and changes nothing. */
function command(
  name: string,
  legal: readonly VmState[],
  run: (vm: Vm) => unknown,
  effect: (model: Model) => void,
): Command {
  return {
    check: () => true,
    toString: () => name,
    run: async (model, vm) => {
      if (legal.includes(model.state)) {
        await run(vm);
        effect(model);
      } else {
        const error = await (async () => run(vm))().catch((thrown: unknown) => thrown);
        expect(['vm.illegal-transition', 'vm.not-running']).toContain((error as Partial<QvmError> | undefined)?.code);
      }
      expect([vm.state, vm.exit?.exitCode]).toEqual([model.state, model.exitCode]);
    },
  };
}

const end = (exitCode: number) => (model: Model) => {
  if (model.exitCode !== undefined) return;
  model.state = 'stopped';
  model.exitCode = exitCode;
};
const to = (state: VmState) => (model: Model) => {
  model.state = state;
};

const living: fc.Arbitrary<Command>[] = [
  fc.constant(command('boot', ['created'], (vm) => vm.boot(FAKE_FILES), to('running'))),
  fc.constant(command('pause', ['running'], (vm) => vm.pause(), to('paused'))),
  fc.constant(command('resume', ['paused'], (vm) => vm.resume(), to('running'))),
  fc.constant(command('stop', ['running', 'paused'], (vm) => vm.stop(), to('stopping'))),
  fc.constant(
    command(
      'step',
      ['running', 'stopping', 'stopped', 'failed'],
      (vm) => vm.step(10),
      (model) => {
        // Nobody takes the power button, so `stop` asked for a power-off, which the next step obeys.
        if (model.state === 'stopping') end(0)(model);
      },
    ),
  ),
];

// Most sequences shall have a life before they end.
const commands: fc.Arbitrary<Command>[] = [
  ...living,
  ...living,
  ...living,
  fc.constant(command('destroy', STATES, (vm) => vm.destroy(), end(3))),
  fc.constant(command('close', STATES, (vm) => vm.close(), end(3))),
];

describe('Vm', () => {
  it('keeps to the life cycle whatever is asked of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 20 }), (sequence) =>
        fc.asyncModelRun(
          () => ({
            model: { state: 'created', exitCode: undefined } as Model,
            real: new Vm(fakeVmOptions(new FakeArchitecture(), { ram: [{ size: 0x1000 }] })),
          }),
          sequence,
        ),
      ),
      { numRuns: 200 },
    );
  });
});
