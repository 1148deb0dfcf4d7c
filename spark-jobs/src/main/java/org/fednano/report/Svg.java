package org.fednano.report;

import java.io.StringWriter;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.apache.batik.svggen.SVGIDGenerator;
import org.fednano.report.data.Report;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Pictures as SVG elements that stand inside an HTML page, with a title and a description for screen readers. */
final class Svg {

    private static final String NAMESPACE = "http://www.w3.org/2000/svg";

    private Svg() {}

    /** The {@code <svg>} element of a picture; it scales with the page. */
    static String of(Report.Picture picture) {
        try {
            // The JDK's own parser: a data platform's class path may hold others, years old.
            Document document = DocumentBuilderFactory.newDefaultNSInstance()
                    .newDocumentBuilder()
                    .getDOMImplementation()
                    .createDocument(NAMESPACE, "svg", null);
            Element root = draw(document, picture);
            root.setAttributeNS(null, "viewBox", "0 0 " + picture.width() + " " + picture.height());
            root.setAttributeNS(null, "role", "img");
            String titleId = picture.id() + "-title";
            String altId = picture.id() + "-alt";
            root.setAttributeNS(null, "aria-labelledby", titleId + " " + altId);
            root.insertBefore(words(document, "desc", altId, picture.alt()), root.getFirstChild());
            root.insertBefore(words(document, "title", titleId, picture.title()), root.getFirstChild());
            return text(root);
        } catch (ParserConfigurationException | TransformerException e) {
            throw new IllegalStateException("This Java runtime cannot write XML", e);
        }
    }

    private static Element draw(Document document, Report.Picture picture) {
        SVGGeneratorContext context = SVGGeneratorContext.createDefault(document);
        context.setComment(null);
        // Hundredths of a pixel; XChart draws letters as outlines, and more digits double the page.
        context.setPrecision(2);
        // Several pictures share one page, so an id like "clipPath1" must not come twice.
        context.setIDGenerator(new SVGIDGenerator() {
            @Override
            public String generateID(String prefix) {
                return picture.id() + "-" + super.generateID(prefix);
            }
        });
        SVGGraphics2D canvas = new SVGGraphics2D(context, false);
        canvas.setSVGCanvasSize(new java.awt.Dimension(picture.width(), picture.height()));
        picture.painting().paint(canvas, picture.width(), picture.height());
        Element root = canvas.getRoot();
        NodeList definitions = root.getElementsByTagName("defs");
        for (int i = 0; i < definitions.getLength(); i++) {
            // Batik gives this one the same id in every picture; nothing refers to it.
            Element definition = (Element) definitions.item(i);
            if (definition.getAttribute("id").equals("genericDefs")) {
                definition.removeAttribute("id");
            }
        }
        return root;
    }

    private static Element words(Document document, String name, String id, String text) {
        Element element = document.createElementNS(NAMESPACE, name);
        element.setAttributeNS(null, "id", id);
        element.setTextContent(text);
        return element;
    }

    private static String text(Element root) throws TransformerException {
        var transformer = TransformerFactory.newDefaultInstance().newTransformer();
        transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
        StringWriter text = new StringWriter();
        transformer.transform(new DOMSource(root), new StreamResult(text));
        return text.toString();
    }
}
