/** {@code fednano align}: a connector for a frozen encoder and a frozen LLM, from captioned media, in the driver alone. */
package org.fednano.align;
