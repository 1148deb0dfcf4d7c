/** Arrays of the tensor engine: the few operations that the models are made of, weights by name, autograd. */
package org.fednano.tensor;
