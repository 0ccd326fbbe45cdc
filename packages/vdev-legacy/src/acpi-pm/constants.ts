/** Bits of the fixed hardware of ACPI, under the names of the ACPI Specification 6.5, section 4.8.3. */

/** PM1 status and enable. */
export const TMR = 1 << 0;
export const BM_STS = 1 << 4;
export const GBL = 1 << 5;
export const PWRBTN = 1 << 8;
export const SLPBTN = 1 << 9;
export const RTC = 1 << 10;
export const WAK_STS = 1 << 15;

/** PM1 control. */
export const SCI_EN = 1 << 0;
export const BM_RLD = 1 << 1;
export const SLP_TYP_SHIFT = 10;
export const SLP_TYP = 7 << SLP_TYP_SHIFT;
export const SLP_EN = 1 << 13;

/** Bits that can be set: status is cleared by writing ones. */
export const STATUS_BITS = TMR | BM_STS | GBL | PWRBTN | SLPBTN | RTC | WAK_STS;
export const ENABLE_BITS = TMR | GBL | PWRBTN | SLPBTN | RTC;
export const CONTROL_BITS = SCI_EN | BM_RLD | SLP_TYP;

/** SLP_TYP of soft-off, S5. */
export const SLP_TYP_S5 = 0;

/** Values for the SMI command port that turn ACPI mode on and off. */
export const ACPI_ENABLE = 2;
export const ACPI_DISABLE = 3;
