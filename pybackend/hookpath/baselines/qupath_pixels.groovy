/*
 * QuPath's own pixel classifier without its window: learns from strokes, or predicts whole images.
 *
 * hookpath.baselines.qupath_pixels starts it, as
 *   QuPath script qupath_pixels.groovy --args REQUEST.json
 * The request names the step ("train" or "predict"), the images with their pixel sizes, and the
 * settings. Every choice that a request does not make is the one that the window of QuPath's
 * "Train pixel classifier" starts with: no normalisation, no reweighting, boundaries not learned
 * apart, the models' own parameters, the seed of its generator.
 */
import com.google.gson.JsonParser
import org.bytedeco.opencv.global.opencv_core
import org.bytedeco.opencv.opencv_ml.ANN_MLP
import org.bytedeco.opencv.opencv_ml.RTrees
import qupath.lib.images.ImageData
import qupath.lib.images.servers.ColorTransforms
import qupath.lib.images.servers.ImageServerMetadata
import qupath.lib.images.servers.ImageServers
import qupath.lib.images.servers.PixelCalibration
import qupath.lib.images.servers.ServerTools
import qupath.lib.classifiers.pixel.PixelClassifierMetadata
import qupath.lib.io.PathIO
import qupath.lib.objects.classes.PathClass
import qupath.opencv.ml.OpenCVClassifiers
import qupath.opencv.ml.pixel.PixelClassifierTools
import qupath.opencv.ml.pixel.PixelClassifiers
import qupath.opencv.ops.ImageOps
import qupath.opencv.tools.MultiscaleFeatures.MultiscaleFeature
import qupath.process.gui.commands.ml.PixelClassifierTraining

def request = JsonParser.parseString(new File(args[0]).getText('UTF-8')).asJsonObject
def classifierPath = new File(request.get('classifier').asString).toPath()

/** An image with the pixel size that the project gives it, and the strokes on it. */
def opened(image) {
    def server = ImageServers.buildServer(new File(image.get('path').asString).toURI())
    def size = image.getAsJsonArray('um')*.asDouble
    server.setMetadata(new ImageServerMetadata.Builder(server.metadata)
        .pixelSizeMicrons(size[0], size[1]).build())
    def imageData = new ImageData(server)
    if (image.has('strokes')) {
        def strokes = PathIO.readObjects(new File(image.get('strokes').asString).toPath())
        strokes.each { it.locked = false }  // locked ones teach nothing
        imageData.hierarchy.addObjects(strokes)
    }
    imageData
}

def features(server, request) {
    def names = request.getAsJsonArray('features')*.asString
    def chosen = names.collect { MultiscaleFeature.valueOf(it) }
    def perScale = request.getAsJsonArray('scales')*.asDouble.collect {
        ImageOps.Filters.features(chosen, it, it)
    }
    def channels = server.metadata.channels.collect { ColorTransforms.createChannelExtractor(it.name) }
    ImageOps.buildImageDataOp(channels).appendOps(ImageOps.Core.splitMerge(perScale))
}

def train(request, path) {
    def images = request.getAsJsonArray('images').collect { opened(it) }
    def um = request.get('spacing_um').asDouble
    def resolution = new PixelCalibration.Builder().pixelSizeMicrons(um, um).build()
    def calculator = features(images[0].server, request)
    def labels = [:]
    request.getAsJsonArray('classes')*.asString.eachWithIndex { name, i ->
        labels[PathClass.fromString(name)] = i
    }
    def training = new PixelClassifierTraining(calculator)
    training.resolution = resolution
    def drawn = training.createTrainingDataForLabelMap(images, labels)
    if (drawn == null) throw new IllegalArgumentException('no pixel is drawn on')
    opencv_core.setRNGSeed(request.get('seed').asInt)
    def data = drawn.trainData
    def most = request.get('samples').asInt
    if (data.NTrainSamples > most) data.setTrainTestSplit(most, true)
    else data.shuffleTrainTest()
    def model = OpenCVClassifiers.createStatModel(request.get('model').asString == 'ann' ? ANN_MLP : RTrees)
    def samples = data.trainSamples
    println "Learning from ${samples.rows()} pixels, ${samples.cols()} features"
    model.train(model.createTrainData(samples, data.trainResponses, null, false))
    def byLabel = new TreeMap(labels.collectEntries { name, label -> [(label): name] })
    def metadata = new PixelClassifierMetadata.Builder()
        .inputResolution(resolution)
        .inputShape(512, 512)
        .setChannelType(ImageServerMetadata.ChannelType.CLASSIFICATION)
        .outputChannels(ServerTools.classificationLabelsToChannels(byLabel, true))
        .build()
    def classifier = PixelClassifiers.createClassifier(model, calculator, metadata, true)
    PixelClassifiers.writeClassifier(classifier, path)
}

/** One byte per pixel, row by row: 0 not predicted, else 1 + the class's place in the request. */
def predict(image, classifier) {
    def imageData = opened(image)
    def server = PixelClassifierTools.createPixelClassificationServer(imageData, classifier)
    def level = server.metadata.getLevel(0)
    int width = level.width, height = level.height
    new RandomAccessFile(image.get('out').asString, 'rw').withCloseable { file ->
        file.setLength((long) width * height)
        server.tileRequestManager.allTileRequests.each { tile ->
            def raster = server.readRegion(tile.regionRequest).raster
            int columns = Math.min(raster.width, width - tile.tileX)
            int rows = Math.min(raster.height, height - tile.tileY)
            int[] row = new int[columns]
            byte[] labels = new byte[columns]
            for (int y = 0; y < rows; y++) {
                raster.getSamples(0, y, columns, 1, 0, row)
                for (int x = 0; x < columns; x++) labels[x] = (byte) (row[x] + 1)
                file.seek((long) (tile.tileY + y) * width + tile.tileX)
                file.write(labels)
            }
        }
    }
    new File(image.get('out').asString + '.size').text = "$width $height"
    imageData.server.close()
}

if (request.get('step').asString == 'train') {
    train(request, classifierPath)
} else {
    def classifier = PixelClassifiers.readClassifier(classifierPath)
    request.getAsJsonArray('images').each { predict(it, classifier) }
}
