/**
 * Prompts and answers as token ids: chat template, special tokens and tokenizer of a model, put together as transformers puts
 * them. No tensors.
 */
package org.fednano.prompt;
