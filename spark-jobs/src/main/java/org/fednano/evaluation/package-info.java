/** Accuracy of an adapter on clients' rows, and answers for rows of one's own, as Spark jobs. */
package org.fednano.evaluation;
