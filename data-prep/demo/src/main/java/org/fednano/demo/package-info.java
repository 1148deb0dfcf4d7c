/** The commands of the demo kit: what draws IconWorld and makes nano-llava. No cluster job carries it. */
package org.fednano.demo;
