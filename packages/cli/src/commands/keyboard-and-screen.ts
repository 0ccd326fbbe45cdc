import { encodePng } from '@qvm/sdk';
import { withHost, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { writeFile } from '../report/write-file.js';

/** File names with the extension of another picture format than PNG. */
const OTHER_PICTURE = /\.(?:avif|bmp|gif|jpe?g|pnm|ppm|svg|tiff?|webp)$/i;

/** `qvm screenshot`: saves a guest's display as a PNG file. */
export async function saveScreenshot(vm: string, flags: HostFlags & { readonly output: string }): Promise<void> {
  if (OTHER_PICTURE.test(flags.output))
    throw new CliError(
      `a screenshot is a PNG file, and "${flags.output}" is the name of another kind`,
      CliExitCode.Usage,
    );
  const { width, height, base64 } = await withHost(flags, (host) => host.request('vm.screenshot', { vm }));
  const png = await encodePng({ width, height, rgba: Buffer.from(base64, 'base64') });
  writeFile(flags.output, [png], { owner: 'qvm screenshot' });
}

/** `qvm type`: types a text on a VM's keyboard. */
export async function typeText(vm: string, text: string, flags: HostFlags): Promise<void> {
  const { untyped } = await withHost(flags, (host) => host.request('vm.type', { vm, text }));
  if (untyped !== '') process.stderr.write(`qvm: warning: no key makes ${JSON.stringify(untyped)}\n`);
}
