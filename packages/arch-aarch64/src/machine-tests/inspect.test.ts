import { inspect } from 'node:util';
import { BACK_TO_EL1, goToEl0, log, MachineHarness } from './machine-harness.test.helper.js';

describe('what console.log shows of an event', () => {
  it('is a few lines, with the vCPU in one of them', async () => {
    const shown: string[] = [];
    const note = (event: object): undefined => void shown.push(inspect(event));
    const machine = await MachineHarness.run(`svc #7\n ${goToEl0()} mrs x1, ctr_el0\n ${BACK_TO_EL1} ${log(1)}`, {
      prepare: ({ vcpus }) => {
        for (const { hooks } of vcpus) {
          for (const kind of ['svc', 'systemRegister']) hooks.trap.for(kind).tap('test', note);
          hooks.guestExit.tap('test', note);
          hooks.guestEntrance.tap('test', note);
        }
      },
    });
    machine.expectEnd();
    expect(shown.length).toBeGreaterThan(3);
    for (const text of shown) {
      expect(text).toMatch(/vcpu: Vcpu \{ index: 0, on: true, pc: 0x[0-9a-f]+, instructions: \d+ \}/);
      expect(text.split('\n').length).toBeLessThan(20);
    }
  });
});
