import type { ArchitectureSource } from '@qvm/core/architecture';
import { nameHint } from '@qvm/core/options';
import { openHypervisor } from '../hypervisor.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/**
 * The architecture of a name, or all.
 *
 * @throws CliError when there is none of the name.
 */
export async function chosenArchitectures(
  name: string | undefined,
  plugins: readonly string[],
): Promise<readonly ArchitectureSource[]> {
  const hypervisor = await openHypervisor(plugins);
  const architectures = [...hypervisor.architectures];
  await hypervisor.dispose();
  return name === undefined ? architectures : [architectureNamed(name, architectures)];
}

function architectureNamed(name: string, architectures: readonly ArchitectureSource[]): ArchitectureSource {
  const found = architectures.find((architecture) => architecture.name === name);
  if (found !== undefined) return found;
  const hint = nameHint(
    name,
    architectures.map((architecture) => architecture.name),
    'architectures',
  );
  throw new CliError(`there is no architecture "${name}"; ${hint}`, CliExitCode.Usage);
}
