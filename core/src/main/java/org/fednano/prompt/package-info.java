/** What a model says of its prompts: chat template and special tokens. Text only: no tensors, no tokenizer. */
package org.fednano.prompt;
