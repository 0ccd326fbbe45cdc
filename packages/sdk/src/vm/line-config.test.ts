import { ConfigError } from '@qvm/config';
import { createHypervisor, MemoryFileSource, type Hypervisor } from '../index.js';
import { plugin as scripts, script } from '../script-machine.test.helper.js';

const image = script('poweroff').bytes;
const table = Uint8Array.from([1, 2, 3, 4]);

function hypervisorWith(files: Readonly<Record<string, string | Uint8Array>>): Hypervisor {
  const entries = Object.entries(files).map(([path, content]): [string, Uint8Array] => [
    path,
    typeof content === 'string' ? new TextEncoder().encode(content) : content,
  ]);
  return createHypervisor({
    plugins: [scripts],
    hostFiles: new MemoryFileSource([['vm.img', image], ['table', table], ...entries]),
  });
}

const MEMORY = 'ram 0x40000000,1M rom 0x50000000,64K';

/** The codes of the errors in a VM's configuration text. */
async function errorsOf(text: string): Promise<readonly string[]> {
  const hypervisor = hypervisorWith({});
  try {
    const { findings } = await hypervisor.checkVm({ configText: text });
    return findings.flatMap(({ severity, code }) => (severity === 'error' ? [code] : []));
  } finally {
    await hypervisor.dispose();
  }
}

describe('a VM of the line form', () => {
  it('has ROM, with what is loaded into it, which devices cannot write', async () => {
    const hypervisor = hypervisorWith({});
    const configText = `${MEMORY} load vm.img data load 0x50000010,table data load 0x40080000,table`;
    const vm = await hypervisor.createVm({ configText });
    await vm.boot();
    expect([...vm.memory.read(0x5000_0010, 4)]).toEqual([1, 2, 3, 4]);
    expect([...vm.memory.read(0x4008_0000, 4)]).toEqual([1, 2, 3, 4]);
    expect(() => vm.memory.write(0x5000_0010, table)).toThrow();
    await hypervisor.dispose();
  });

  it('is refused with data where no memory is', async () => {
    const hypervisor = hypervisorWith({});
    const vm = await hypervisor.createVm({ configText: `${MEMORY} load vm.img data load 0x5000fffe,table` });
    await expect(vm.boot()).rejects.toMatchObject({ code: 'image.does-not-fit' });
    await hypervisor.dispose();
  });

  it('keeps what is reserved from its vdevs', async () => {
    expect(await errorsOf(`${MEMORY} load vm.img vdev pl011`)).toEqual([]);
    expect(await errorsOf(`${MEMORY} load vm.img reserve loc 0x9000000,0x1000 vdev pl011`)).toEqual([
      'vdev.base-taken',
    ]);
    expect(await errorsOf(`${MEMORY} load vm.img reserve intr gic:33 vdev pl011`)).toEqual(['vdev.irq-taken']);
  });

  it('knows the options of its vdevs', async () => {
    expect(await errorsOf(`${MEMORY} load vm.img vdev pl011 hostdv null`)).toEqual(['config.unknown-word']);
  });

  it('needs an image, which the caller may add', async () => {
    expect(await errorsOf(MEMORY)).toEqual(['config.no-image']);
    const hypervisor = hypervisorWith({});
    const adjusted = await hypervisor.checkVm(
      { configText: MEMORY },
      { adjust: (spec) => ({ ...spec, image: 'vm.img' }) },
    );
    expect(adjusted).toMatchObject({ findings: [], exitCode: 0 });
    await expect(hypervisor.createVm({ configText: MEMORY })).rejects.toThrow(ConfigError);
    await hypervisor.dispose();
  });
});

describe('loadConfigs', () => {
  it('joins the files of a system, and its VMs run', async () => {
    const hypervisor = hypervisorWith({
      'system.qvmconf':
        '{ "vms": [ { "name": "a", "config": "vm.qvmconf" }, { "name": "b", "config": "vm.qvmconf" } ] }',
      'vm.qvmconf': `${MEMORY} load vm.img vdev pl011 hostdev null`,
    });
    const { vms, findings } = await hypervisor.loadConfigs(['system.qvmconf']);
    expect(findings).toEqual([]);
    expect(vms.map(({ name }) => name)).toEqual(['a', 'b']);
    for (const spec of vms) {
      const vm = await hypervisor.createVm({ spec });
      await vm.start();
      expect(await vm.exit).toMatchObject({ exitCode: 0 });
    }
    await hypervisor.dispose();
  });

  it('tells of files that are missing or no text', async () => {
    const hypervisor = hypervisorWith({ binary: Uint8Array.of(0xff) });
    const { findings } = await hypervisor.loadConfigs(['none', 'binary']);
    expect(findings.map(({ code, file }) => [code, file])).toEqual([
      ['file.missing', 'none'],
      ['config.syntax', 'binary'],
    ]);
    await hypervisor.dispose();
  });
});
