import { createHypervisor } from '@qvm/sdk';
import { Workspace } from './run-qvm.test.helper.js';

const space = new Workspace();
afterAll(() => space.dispose());

describe('qvm hook list', () => {
  it('shows each kind of each hook with its meaning, as text and as JSON', async () => {
    const [text, json] = await Promise.all([
      space.qvm(['hook', 'list']),
      space.qvm(['hook', 'list', '--arch', 'aarch64', '--json']),
    ]);
    const hypervisor = createHypervisor();
    const expected = hypervisor.architectures.flatMap(({ name, hookKinds }) =>
      Object.entries(hookKinds).flatMap(([hook, kinds]) =>
        Object.entries<string>(kinds).map(([kind, description]) => ({ architecture: name, hook, kind, description })),
      ),
    );
    await hypervisor.dispose();
    expect(expected.length).toBeGreaterThan(30);
    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual(expected.filter(({ architecture }) => architecture === 'aarch64'));
    expect(text).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/^aarch64\n {2}vcpu\.hooks\.trap/),
    });
    const lines = text.stdout.split('\n').map((line) => line.trim().replace(/ {2,}/, ': '));
    for (const { kind, description } of expected) expect(lines).toContain(`${kind}: ${description}`);
  });

  it('refuses an architecture that is not there', async () => {
    expect(await space.qvm(['hook', 'list', '--arch', 'aarch46'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'qvm: error: there is no architecture "aarch46"; did you mean "aarch64"?\n',
    });
  });
});
