import { QvmError } from '@qvm/core';
import type { InputDevices } from '@qvm/core/services';
import { Ps2Keyboard } from './keyboard.js';
import { Ps2Mouse } from './mouse.js';

/**
 * A keyboard and a mouse, as programs of the host use them.
 *
 * @internal
 */
export class Ps2Inputs implements InputDevices {
  readonly keyboard = new Ps2Keyboard();
  readonly mouse = new Ps2Mouse();

  type(text: string): string {
    return this.keyboard.type(text);
  }

  key(code: string, pressed: boolean): void {
    if (!this.keyboard.key(code, pressed)) throw new QvmError('input.key', `the keyboard has no key ${code}`);
  }

  pointer(dx: number, dy: number, buttons: number): void {
    this.mouse.move(dx, dy, buttons);
  }
}
