/** Values of a template as Python has them: kinds, truth, equality, order, arithmetic, and how they are shown. */
package org.fednano.jinja.value;
