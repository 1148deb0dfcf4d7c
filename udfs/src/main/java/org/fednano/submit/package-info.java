/** How a program that spark-submit starts ends, wherever its driver runs. */
package org.fednano.submit;
