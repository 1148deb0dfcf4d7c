/** Makes the small pretrained LLaVA model again, from shards of the base world. */
package org.fednano.pretrain;
