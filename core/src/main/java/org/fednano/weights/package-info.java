/** Weights at rest: safetensors files and Hugging Face model folders, read and written in plain Java. */
package org.fednano.weights;
