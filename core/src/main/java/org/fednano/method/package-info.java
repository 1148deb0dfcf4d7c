/**
 * Federated methods, one file each: {@link org.fednano.method.FederatedMethod} is the port, {@link org.fednano.method.Methods}
 * finds what is registered. Knows neither rounds nor clusters.
 */
package org.fednano.method;
