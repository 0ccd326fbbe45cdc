import { VcpuExit } from '@qvm/core/architecture';
import { Gpr, SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { ApicRequest } from '../apic/index.js';
import { CODE, hex, MachineHarness, Selector, STACK } from './machine-harness.test.helper.js';

/** mov rax, [rsp]; out 0xe9, eax; mov rax, dr6; out 0xe9, eax; xor eax, eax; mov dr6, rax; iretq */
const DEBUG_HANDLER = hex('48 8b 04 24 e7 e9 0f 21 f0 e7 e9 31 c0 0f 23 f0 48 cf');
const ENTRY = 0x1_1000;
const KERNEL_GS = 0xc000_0102;

/** mov ecx, number; mov eax, low; mov edx, high; wrmsr */
const writeMsr = (number: number, value: bigint): number[] => {
  const word = (v: number): number[] => [v & 0xff, (v >>> 8) & 0xff, (v >>> 16) & 0xff, v >>> 24];
  const [low, high] = [Number(value & 0xffff_ffffn), Number(value >> 32n)];
  return [0xb9, ...word(number), 0xb8, ...word(low), 0xba, ...word(high), 0x0f, 0x30];
};

describe('SYSCALL and SYSRET', () => {
  it('go to ring 0 and back, with the flat segments of STAR', () => {
    const machine = new MachineHarness();
    // out 0xe9, eax; mov rax, cs; out; mov rax, ss; out; mov rax, rcx; out; mov rax, r11; out
    // cmp byte [0x500], 1; je 1f; mov byte [0x500], 1; o64 sysret; 1: hlt
    machine.write(
      ENTRY,
      hex(
        'e7 e9 8c c8 e7 e9 8c d0 e7 e9 48 89 c8 e7 e9 4c 89 d8 e7 e9 80 3c 25 00 05 00 00 01 74 0b c6 04 25 00 05 00 00 01 48 0f 07 f4',
      ),
    );
    const setup = [
      ...writeMsr(0xc000_0081, 0x001b_0008_0000_0000n),
      ...writeMsr(0xc000_0082, BigInt(ENTRY)),
      ...writeMsr(0xc000_0084, 0x200n),
    ];
    const user = CODE + setup.length + 16;
    // mov ecx, user; mov r11d, 0x202; o64 sysret (16 bytes with a nop); user: syscall; mov eax, 0x77; syscall
    const go = [0xb9, user & 0xff, (user >>> 8) & 0xff, user >>> 16, 0, ...hex('41 bb 02 02 00 00 90 90 48 0f 07')];
    machine.enterLongMode([...setup, ...go, ...hex('0f 05 b8 77 00 00 00 0f 05')]);
    machine.run();
    const first = [machine.log[0], 8, 16, user + 2, 0x202];
    expect(machine.log).toEqual([...first, 0x77, 8, 16, user + 9, 0x202]);
    expect(machine.state.u32(State.eflags) & 0x200).toBe(0);
  });

  it('are undefined without EFER.SCE', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.UD, hex('f4'));
    machine.enterLongMode(hex('0f 05'));
    machine.state.setU64(State.efer, machine.state.u64(State.efer) & ~1n);
    machine.run();
    expect(machine.vcpu.faults.last?.syndrome).toBe(Vector.UD << 24);
  });

  it('leave #GP of SYSRET to an address that is not canonical in ring 0', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.GP, hex('f4'));
    machine.enterLongMode(hex('48 0f 07'));
    machine.state.setGpr(Gpr.RCX, 0x8000_0000_0000n);
    machine.run();
    expect([machine.vcpu.faults.last?.level, machine.vcpu.faults.last?.pc]).toEqual([0, BigInt(CODE)]);
  });
});

describe('segments in 64-bit mode', () => {
  it('are exchanged by SWAPGS', () => {
    const machine = new MachineHarness();
    // wrmsr; swapgs; mov ecx, 0xc0000101; rdmsr; out 0xe9, eax; mov eax, edx; out 0xe9, eax; hlt
    const code = [
      ...writeMsr(KERNEL_GS, 0xffff_8000_0000_1000n),
      ...hex('0f 01 f8 b9 01 01 00 c0 0f 32 e7 e9 89 d0 e7 e9 f4'),
    ];
    machine.enterLongMode(code);
    machine.run();
    expect(machine.log).toEqual([0x1000, 0xffff_8000]);
    expect(machine.state.base(SegmentRegister.GS)).toBe(-(2 ** 47) + 0x1000);
  });

  it('are asked by LAR, which changes ZF only', () => {
    const machine = new MachineHarness();
    // mov eax, 8; lar ebx, eax; mov eax, ebx; out 0xe9, eax; mov eax, 0x38; mov ebx, 5; lar ebx, eax; setz al; out; hlt
    machine.enterLongMode(
      hex('b8 08 00 00 00 0f 02 d8 89 d8 e7 e9 b8 38 00 00 00 bb 05 00 00 00 0f 02 d8 0f 94 c0 e6 e9 f4'),
    );
    machine.run();
    expect(machine.log).toEqual([0x00a0_9b00, 0]);
    expect(machine.state.gpr(Gpr.RBX)).toBe(5n);
  });

  it('are entered by a far JMP, and left by a far RET that removes parameters', () => {
    const machine = new MachineHarness();
    // lea rbx, [rel pointer]; jmp far dword [rbx]; hlt; pointer: dd 0x10020, dw 8; at 0x10020: mov al, 0x21; out; hlt
    machine.enterLongMode(
      hex(
        'b8 08 00 01 00 48 8d 1d 03 00 00 00 ff 2b f4 20 00 01 00 08 00 90 90 90 90 90 90 90 90 90 90 90 b0 21 e6 e9 f4',
      ),
    );
    machine.run();
    expect(machine.log).toEqual([0x21]);
    const other = new MachineHarness();
    // push 8; lea rax, [rel there]; push rax; o64 retf 16; hlt; there: mov rax, rsp; out 0xe9, eax; hlt
    other.enterLongMode(hex('6a 08 48 8d 05 06 00 00 00 50 48 ca 10 00 f4 48 89 e0 e7 e9 f4'));
    other.run();
    expect(other.log).toEqual([STACK + 16]);
  });
});

describe('debugging by the guest', () => {
  it('steps each instruction after POPF has set TF', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.DB, DEBUG_HANDLER);
    // pushfq; or qword [rsp], 0x100; popfq; nop; nop; hlt
    machine.enterLongMode(hex('9c 48 81 0c 24 00 01 00 00 9d 90 90 f4'));
    machine.run();
    const steps = [CODE + 11, CODE + 12].flatMap((at) => [at, 0xffff_4ff0]);
    expect(machine.log).toEqual(steps);
  });

  it('stops before the instruction of DR0, and passes it with RF', () => {
    const machine = new MachineHarness();
    // or qword [rsp + 16], 0x10000: the processor does not set RF for a breakpoint on an instruction (17.3.1.1).
    machine.handler(Vector.DB, [...hex('48 81 4c 24 10 00 00 01 00'), ...DEBUG_HANDLER]);
    // mov eax, 0x10012; mov dr0, rax; mov eax, 1; mov dr7, rax; nop; nop; nop; nop; hlt
    machine.enterLongMode(hex('b8 12 00 01 00 0f 23 c0 b8 01 00 00 00 0f 23 f8 90 90 90 90 f4'));
    machine.run();
    expect(machine.log).toEqual([CODE + 0x12, 0xffff_0ff1]);
  });

  it('traps after a write to the data of DR0', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.DB, DEBUG_HANDLER);
    // mov eax, 0x600; mov dr0, rax; mov eax, 0xd0001; mov dr7, rax; mov [0x600], eax; nop; hlt
    machine.enterLongMode(hex('b8 00 06 00 00 0f 23 c0 b8 01 00 0d 00 0f 23 f8 89 04 25 00 06 00 00 90 f4'));
    machine.run();
    expect(machine.log).toEqual([CODE + 0x17, 0xffff_0ff1]);
    expect(machine.read64(0x600)).toBe(0xd_0001n);
  });
});

describe('interrupts', () => {
  /** Enables x2APIC mode, and sends vector 0x40 to itself. */
  const SELF = [...writeMsr(0x1b, 0xfee0_0d00n), ...writeMsr(0x80f, 0x1ffn), ...writeMsr(0x83f, 0x40n)];
  /** mov rax, [rsp]; out 0xe9, eax; mov ecx, 0x80b; xor eax, eax; xor edx, edx; wrmsr; iretq */
  const ACKNOWLEDGE = hex('48 8b 04 24 e7 e9 b9 0b 08 00 00 31 c0 31 d2 0f 30 48 cf');

  it('are taken after the instruction that follows STI', () => {
    const machine = new MachineHarness();
    machine.handler(0x40, ACKNOWLEDGE);
    // nop; sti; nop; nop; hlt
    machine.enterLongMode([...SELF, ...hex('90 fb 90 90 fa f4')]);
    machine.run();
    expect(machine.log).toEqual([CODE + SELF.length + 3]);
    expect(machine.vcpu.exits.counts()).toMatchObject({ interrupt: 1 });
  });

  it('wake STI; HLT', () => {
    const machine = new MachineHarness();
    machine.handler(0x40, ACKNOWLEDGE);
    // sti; hlt; cli; mov al, 1; out 0xe9, al; hlt
    machine.enterLongMode([...SELF, ...hex('fb f4 fa b0 01 e6 e9 f4')]);
    machine.run();
    expect(machine.log).toEqual([CODE + SELF.length + 2, 1]);
  });

  it('wait while IF is clear, and end a HLT that waits for them', () => {
    const machine = new MachineHarness();
    machine.handler(0x40, ACKNOWLEDGE);
    machine.enterLongMode([...writeMsr(0x1b, 0xfee0_0d00n), ...writeMsr(0x80f, 0x1ffn), ...hex('fb f4 fa f4')]);
    expect(machine.run()).toBe(VcpuExit.Halted);
    expect(machine.vcpu.hasWork()).toBe(false);
    machine.vcpu.apic.sendToSelf(0x40);
    expect([machine.vcpu.apic.requests, machine.vcpu.hasWork()]).toEqual([ApicRequest.Interrupt, true]);
    machine.run();
    expect(machine.log).toHaveLength(1);
    machine.vcpu.apic.sendToSelf(0x40);
    expect(machine.vcpu.hasWork()).toBe(false);
  });

  it('start another vCPU by INIT and a start-up message', () => {
    const machine = new MachineHarness(2);
    const [, second] = machine.machine.vcpus;
    // ICR (x2APIC): INIT, then start-up with vector 0x12, to APIC 1; hlt
    machine.enterLongMode([
      ...writeMsr(0x1b, 0xfee0_0d00n),
      ...writeMsr(0x830, 0x1_0000_4500n),
      ...writeMsr(0x830, 0x1_0000_4612n),
      0xf4,
    ]);
    machine.run();
    expect(second?.on).toBe(true);
    expect(second?.state.base(SegmentRegister.CS)).toBe(0x1_2000);
    expect(second?.state.selector(SegmentRegister.CS)).toBe(0x1200);
  });
});

describe('ports and strings', () => {
  it('are read and written by every width', () => {
    const machine = new MachineHarness();
    // in al, 0xe9; out 0xe9, al; in eax, 0xea: two of four bytes have no device; out 0xe9, eax; hlt
    machine.enterLongMode(hex('31 c0 e4 e9 e6 e9 e5 ea e7 e9 f4'));
    machine.run();
    expect(machine.log).toEqual([0x40, 0xff43_4241]);
    expect(machine.vcpu.exits.counts()).toMatchObject({ io: expect.any(Number) });
  });

  it('move strings by REP INSB', () => {
    const machine = new MachineHarness();
    // mov edi, 0x700; mov ecx, 3; mov edx, 0xe9; rep insb; mov eax, [0x700]; out 0xe9, eax; mov eax, edi; out; hlt
    machine.enterLongMode(
      hex('bf 00 07 00 00 b9 03 00 00 00 ba e9 00 00 00 f3 6c 8b 04 25 00 07 00 00 e7 e9 89 f8 e7 e9 f4'),
    );
    machine.run();
    expect([machine.log, machine.state.gpr(Gpr.RCX)]).toEqual([[0x40_4040, 0x703], 0n]);
  });

  it('need IOPL at CPL 3', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.GP, hex('f4'));
    machine.enterLongMode(hex('e6 e9'), 3);
    machine.run();
    expect([machine.log, machine.vcpu.faults.last?.syndrome]).toEqual([[], Vector.GP * 2 ** 24]);
  });
});

describe('other system instructions', () => {
  it('read the time of the clock by RDTSC', () => {
    const machine = new MachineHarness();
    // rdtsc; out 0xe9, eax; nop; rdtsc; out 0xe9, eax; hlt
    machine.enterLongMode(hex('0f 31 e7 e9 90 0f 31 e7 e9 f4'));
    machine.run();
    const [first = 0, second = 0] = machine.log;
    expect(second - first).toBe(3 * machine.clock.nanosecondsPerInstruction);
  });

  it.each(['interp', 'wasm'] as const)('end a run at RDTSC when the host wants it to end: %s', (engine) => {
    const machine = new MachineHarness(1, engine);
    machine.enterLongMode(hex('0f 31 eb fc')); // rdtsc; jmp $-2
    let reads = 0;
    const { clock, vcpu } = machine;
    const time = clock.now.bind(clock);
    clock.now = () => {
      if (++reads % 1000 === 0) vcpu.kick();
      return time();
    };
    for (let n = 1; n <= 3; n++) {
      expect(machine.run(1e6)).toBe(VcpuExit.Budget);
      expect(Math.abs(vcpu.instructions - 2000 * n)).toBeLessThan(10);
    }
    machine.run(100);
    expect(machine.state.u32(State.timeTrap)).toBe(0);
  });

  it('run code that has just been patched', () => {
    const machine = new MachineHarness();
    // mov byte [rel patch + 1], 0x43; patch: mov al, 0x42; out 0xe9, al; hlt
    machine.enterLongMode(hex('c6 05 01 00 00 00 43 b0 42 e6 e9 f4'));
    machine.run();
    expect(machine.log).toEqual([0x43]);
  });

  it('are saved and restored with the rest of the processor', () => {
    const machine = new MachineHarness();
    machine.enterLongMode([...writeMsr(KERNEL_GS, 0x1234n), 0xf4]);
    machine.run();
    const saved = JSON.parse(JSON.stringify(machine.machine.save())) as ReturnType<typeof machine.machine.save>;
    const before = machine.vcpu.registers();
    const other = new MachineHarness();
    other.write(CODE, hex('90'));
    other.machine.restore(saved);
    expect(other.vcpu.registers()).toEqual(before);
    expect(other.machine.save()).toEqual(saved);
    expect(Selector.code).toBe(other.state.selector(SegmentRegister.CS));
  });
});
